"""`python -m tests.template.command_line_page`: every subcommand's help, as a page of the docs.

The command line comes in, docs/reference/command-line.md leaves. A test says that it is current.
"""

import sys
from collections.abc import Iterator
from enum import Enum
from inspect import Parameter, cleandoc
from itertools import groupby

from cyclopts import App, Argument

from functions.operator.command_line import PROGRAM, command_line
from functions.operator.contents import CONTENTS, GROUPS
from functions.operator.deployment.place import Place
from functions.operator.subcommand import Subcommand
from tests.local.endpoints import ROOT
from tests.template.written_page import in_a_cell, write_page

PAGE = ROOT / "docs" / "reference" / "command-line.md"
HEAD = f"""\
# Command line

Made from the help of each subcommand by `make reference`. A test fails when this page is behind it.

`make setup` puts the program at `.venv/bin/{PROGRAM}`.
It runs on your machine, with your AWS credentials.
What cannot be done is one line on stderr that names the field and the fix, and exit status 2.

Most subcommands work on one deployment, and take two more options.
`AFORO_STACK` in the environment says `--stack`.

| option | |
|---|---|
"""


def page() -> str:
    """The whole page: the list of subcommands, then a section for each."""
    place = rows([one for one in arguments("counters show") if is_of_place(one)])
    sections = [line for entry in CONTENTS for line in section(entry)]
    return "\n".join([HEAD + "\n".join(place), "", *contents(), *sections])


def contents() -> Iterator[str]:
    """Which there are, group by group."""
    yield "| subcommand | |"
    yield "|---|---|"
    for group, entries in groupby(CONTENTS, lambda entry: entry.words.rpartition(" ")[0]):
        if group:
            yield f"| **{group}** | {GROUPS[group]} |"
        for entry in entries:
            anchor = entry.words.replace(" ", "-")
            yield f"| [`{entry.words}`](#{anchor}) | {summary(entry)} |"
    yield ""


def summary(entry: Subcommand) -> str:
    """The first line of its help."""
    return cleandoc(entry.text).splitlines()[0]


def section(entry: Subcommand) -> Iterator[str]:
    """What it does, an example, its options."""
    told, _, examples = cleandoc(entry.text).partition("\n\n    ")
    yield f"## {entry.words}\n"
    yield f"{told}\n"
    yield "```sh\n" + "\n".join(line.strip() for line in examples.splitlines()) + "\n```\n"
    own = [one for one in arguments(entry.words) if not is_of_place(one)]
    if own:
        yield "| option | |"
        yield "|---|---|"
        yield from rows(own)
        yield ""


def command_of(words: str) -> App:
    """A subcommand, or a group of them."""
    app: App = command_line()
    for word in words.split():
        app = app[word]
    return app


def arguments(words: str) -> list[Argument]:
    """Those that a person may give."""
    found = command_of(words).assemble_argument_collection()
    return [one for one in found if one.names != ("*",) and one.parameter.show is not False]


def is_of_place(argument: Argument) -> bool:
    """Whether it says which deployment."""
    return argument.names[0].lstrip("-") in Place.__dataclass_fields__


def rows(found: list[Argument]) -> list[str]:
    return [f"| {named(one)} | {explained(one)} |" for one in found]


def named(argument: Argument) -> str:
    """As a person types it; in italics what must be given."""
    names = ", ".join(f"`{name}`" for name in argument.names)
    return f"{names} *(needed)*" if argument.required else names


def explained(argument: Argument) -> str:
    """Its help, its values, and what holds without it."""
    values = argument.get_choices() or ()
    text = in_a_cell(str(argument.parameter.help))
    if values:
        text += ": " + ", ".join(f"`{value}`" for value in values)
    default = default_of(argument)
    return f"{text}. Default: `{default}`" if default else text


def default_of(argument: Argument) -> str:
    """Empty where nothing holds without it, or where the help says what does."""
    value = argument.field_info.default
    if value is Parameter.empty or value in (None, False, True, ()):
        return ""
    return str(value.value if isinstance(value, Enum) else value)


def main() -> int:
    return write_page(PAGE, page())


if __name__ == "__main__":
    sys.exit(main())
