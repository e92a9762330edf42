"""The ways in which a mistake is made, each for real: the command line, make, a function's own
reading of what it is given.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from functions.operator.command_line import main
from functions.usage.errors import UsageError
from tests.errors.known_counters import COUNTERS
from tests.errors.mistake import Act, Seen
from tests.errors.workplace import Workplace
from tests.fakes.http_answers import Answer, answering
from tests.local.endpoints import ROOT

type Files = Mapping[str, str | bytes]

SHOWN_URL = "http://127.0.0.1:8000"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
REGION = {"AWS_REGION": "eu-central-1"}
SIGNED_IN = KEYS | REGION

# Behind each fault, and with a line's number: `make: *** [Makefile:62: ledger] Error 2`.
_MAKE_S_OWN = re.compile(r"make(\[\d+\])?: \*\*\* ")


def command(
    words: str,
    files: Files | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
    answers: tuple[Answer, ...] = (),
) -> Act:
    """The command line. `answers` come from a server at SHOWN_URL; where the words do not name it,
    it stands in AWS's place.
    """

    def act(place: Workplace) -> Seen:
        place.lay(files or {})
        place.type_in(stdin)
        os.environ.update(environment or {})
        with ExitStack() as stack:
            spelled = words
            if answers:
                url = stack.enter_context(answering(*answers)).url
                place.names[url] = SHOWN_URL
                spelled = words.replace(SHOWN_URL, url)
                if spelled == words:
                    os.environ["AWS_ENDPOINT_URL"] = url
            asked = shlex.split(spelled)
            # Before anything is known of a stack, a command's words are looked at.
            given = {"find": lambda _: COUNTERS} if asked[0] == "counters" else {}
            return Seen(main(asked, **given), place.said())

    return act


def finding(words: str, check: str) -> Act:
    """What preflight finds under one name, as its table shows it."""

    def act(place: Workplace) -> Seen:
        os.environ.update(SIGNED_IN | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
        status = main(["preflight", "--stack", "new", "--format", "json", *shlex.split(words)])
        rows = [json.loads(line) for line in place.printed().splitlines()]
        found = next(row for row in rows if row["check"] == check)
        return Seen(status, f"{found['level']}  {check}  {found['found']}  {found['cure']}")

    return act


def make(words: str) -> Act:
    """make, in the repository, with the environment of the workplace."""

    def act(place: Workplace) -> Seen:
        # This may be a test that make runs; and what a target needs is there.
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
            os.environ.pop(name, None)
        ready = [f"--assume-old={name}/ready" for name in (".venv", ".venv-sam")]
        done = subprocess.run(
            ["make", *ready, *shlex.split(words)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        lines = [one for one in done.stderr.splitlines() if not _MAKE_S_OWN.match(one)]
        return Seen(done.returncode, place.told("\n".join(lines)))

    return act


def told(read: Callable[[], object]) -> Act:
    """What a function says of what it was given, in its log."""

    def act(place: Workplace) -> Seen:
        try:
            found = read()
        except UsageError as error:
            return Seen(None, place.told(str(error)))
        return Seen(None, place.told(str(found)))

    return act
