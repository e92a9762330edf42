"""`python -m tests.errors.errors_page`: every mistake of the table is made, and what is seen is
written into docs/reference/errors.md.

A test makes them too, and compares.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.errors.all_mistakes import MISTAKES, TOPICS, made
from tests.errors.mistake import Mistake, Seen, Topic
from tests.local.endpoints import ROOT
from tests.local.ministack import start_ministack
from tests.template.written_page import in_a_cell, write_page

PAGE = ROOT / "docs" / "reference" / "errors.md"
HEAD = f"""\
# Error messages

What people get wrong, what they see, and what to do.
A test makes each of these {len(MISTAKES)} mistakes and compares what it sees with this page.
`make reference` writes it anew.

A message is one line on stderr; where there are several faults, one line for each.
It names the command, the field, the cause and the next step.
Exit status 2: the input or the environment is not usable, nothing was changed. 1: the answer is no.
Reasons of single requests, such as `no_customer`, have [a page of their own](reasons.md).
"""


def page(seen: dict[Mistake, Seen]) -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for topic in TOPICS for line in _section(topic, seen))])


def row(mistake: Mistake, seen: Seen) -> str:
    """One line of a table."""
    said = "<br>".join(_code(line) for line in seen.text.splitlines())
    return f"| {in_a_cell(mistake.did)} | {said} | {in_a_cell(mistake.do)} |"


def _section(topic: Topic, seen: dict[Mistake, Seen]) -> Iterator[str]:
    yield f"## {topic.title}\n\n{topic.prose}\n"
    yield "| you did | you see | do this |"
    yield "|---|---|---|"
    yield from (row(mistake, seen[mistake]) for mistake in topic.mistakes)
    yield ""


def _code(line: str) -> str:
    """In as many backticks as it takes: a message may quote a command."""
    return f"`` {in_a_cell(line)} ``" if "`" in line else f"`{in_a_cell(line)}`"


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        start_ministack(Path(folder)) as cloud,
    ):
        text = page({mistake: made(mistake, cloud) for mistake in MISTAKES})
    return write_page(PAGE, text)


if __name__ == "__main__":
    sys.exit(main())
