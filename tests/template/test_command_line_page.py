"""docs/reference/command-line.md is what the help of each subcommand says."""

from functions.operator.contents import CONTENTS
from tests.template.command_line_page import PAGE, arguments, page


def test_the_page_is_current() -> None:
    """`make reference` writes it again."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_option_says_what_it_is_for() -> None:
    """An option without a word is one that only its author uses."""
    silent = [
        f"{entry.words} {one.names[0]}"
        for entry in CONTENTS
        for one in arguments(entry.words)
        if not (one.parameter.help or "").strip()
    ]
    assert silent == []


def test_every_subcommand_has_an_example() -> None:
    """In the form that the page and the help show."""
    text = page()
    sections = {one.split("\n", 1)[0]: one for one in text.split("\n## ")[1:]}
    assert sections.keys() == {entry.words for entry in CONTENTS}
    without = [words for words, one in sections.items() if f"\naforo-metering {words}" not in one]
    assert without == []
