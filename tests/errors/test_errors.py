"""What people get wrong is told them: where, why, and what to do; and the page of it is true."""

import re

import pytest

from tests.errors.all_mistakes import MISTAKES, TOPICS, made
from tests.errors.errors_page import PAGE, page
from tests.errors.mistake import Mistake, Seen
from tests.local.ministack import Ministack

# A table that shrinks has lost something that somebody met.
LEAST = 150
# Of pydantic, json, urllib, botocore, argparse and Python itself.
MACHINE_WORDS = (
    "Input should be",
    "Field required",
    "Value error",
    "String should",
    "List should",
    "Tuple should",
    "string_pattern_mismatch",
    "ValidationError",
    "Extra inputs are not permitted",
    "Expecting property name",
    "Expecting value",
    "EOF while parsing",
    "expected value at line",
    "An error occurred (",
    "An error occurred",
    "Invalid isoformat",
    "invalid literal",
    "unable to convert",
    "urlopen error",
    "[Errno",
    "Traceback",
    "regular expression",
    "must match pattern",
    "^[",
)


_SEEN: dict[Mistake, Seen] = {}


def seen(mistake: Mistake, cloud: Ministack) -> Seen:
    """Each mistake is made once."""
    if mistake not in _SEEN:
        _SEEN[mistake] = made(mistake, cloud)
    return _SEEN[mistake]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.did[:60])
def test_a_mistake_is_told_with_its_place_its_cause_and_the_next_step(
    mistake: Mistake, ministack: Ministack
) -> None:
    """In lines of words, with the exit status of what it is."""
    found = seen(mistake, ministack)
    assert found.status == mistake.status
    assert mistake.field in found.text
    assert mistake.cause in found.text
    assert mistake.step in found.text
    assert [word for word in MACHINE_WORDS if word in found.text] == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.did[:60])
def test_a_fault_is_one_line(mistake: Mistake, ministack: Ministack) -> None:
    """Each of them ends with words, and none is a list of where the program was."""
    lines = seen(mistake, ministack).text.splitlines()
    assert lines
    assert all(re.search(r"\w", line) and not line.startswith(" ") for line in lines)


def test_the_page_is_what_is_seen(ministack: Ministack) -> None:
    """`make reference` writes it again."""
    assert PAGE.read_text(encoding="utf-8") == page({one: seen(one, ministack) for one in MISTAKES})


def test_the_table_is_long_and_every_row_is_another() -> None:
    """Sixty were asked for; two rows of one name would hide one of them on the page."""
    names = [(topic.title, one.did) for topic in TOPICS for one in topic.mistakes]
    assert len(names) == len(set(names)) >= LEAST
