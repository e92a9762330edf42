"""`aforo-metering`: the words of a command line come in, an exit status leaves.

Guaranteed: what cannot be done is one line on stderr that names the field and the fix, and status
2. Anything else that goes wrong is a bug, and keeps its traceback.
"""

import sys
from collections.abc import Callable, Sequence
from inspect import BoundArguments, cleandoc

from cyclopts import App, CycloptsError

from functions.operator.contents import CONTENTS, GROUPS, IMPLIED
from functions.operator.option_words import told_option
from functions.usage.errors import UsageError

PROGRAM = "aforo-metering"
NOT_UNDERSTOOD = 2


def main(words: Sequence[str] | None = None, **given: object) -> int:
    """`given` are values for what no option says (a test's own stack)."""
    asked = _spelled_out(sys.argv[1:] if words is None else words)
    app = command_line()
    name = " ".join(app.parse_commands(asked)[0]) or PROGRAM
    try:
        return _run(app, asked, given)
    except UsageError as error:
        return _refuse(name, str(error))
    except Exception as error:
        # botocore is imported only by what has called AWS.
        told = _told_by_aws(error)
        if told is None:
            raise
        return _refuse(name, told)


def command_line() -> App:
    """Every subcommand, none of them imported."""
    app = App(
        name=PROGRAM,
        help="Operate the metering of an API Gateway with Aforo.",
        help_format="plaintext",
        # `--version` is an option of commands whose greatest version stands.
        version_flags=(),
    )
    groups = {name: App(name=name, help=text) for name, text in GROUPS.items()}
    for each in groups.values():
        app.command(each)
    for entry in CONTENTS:
        group, _, name = entry.words.rpartition(" ")
        parent = groups[group] if group else app
        parent.command(entry.function, name=name, help=cleandoc(entry.text))
    return app


def _spelled_out(words: Sequence[str]) -> list[str]:
    """A group and options of the subcommand that it implies; its help is its own."""
    group, *rest = words or [""]
    if group in IMPLIED and rest and rest[0].startswith("--") and rest[0] != "--help":
        return [group, IMPLIED[group], *rest]
    return list(words)


def _run(app: App, words: Sequence[str], given: dict[str, object]) -> int:
    command: Callable[..., int | None]
    bound: BoundArguments
    try:
        command, bound, ignored = app.parse_args(words, print_error=False, exit_on_error=False)
    except CycloptsError as error:
        chain = [PROGRAM, *(error.command_chain or ())]
        fix = f"(`{' '.join(chain)} --help` has an example)"
        return _refuse(" ".join(chain[1:]) or PROGRAM, f"{told_option(error)} {fix}")
    bound.arguments |= {name: value for name, value in given.items() if name in ignored}
    return command(*bound.args, **bound.kwargs) or 0


def _refuse(name: str, why: str) -> int:
    sys.stderr.write(f"{name}: {' '.join(why.split())}\n")
    return NOT_UNDERSTOOD


def _told_by_aws(error: Exception) -> str | None:
    if "botocore.exceptions" not in sys.modules:
        return None
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from functions.operator.aws_words import in_plain_words  # noqa: PLC0415

    return in_plain_words(error) if isinstance(error, BotoCoreError | ClientError) else None
