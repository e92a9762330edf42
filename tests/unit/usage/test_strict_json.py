"""The quick reader and the exact one agree, and no name can stand twice."""

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.usage.outcome import Quarantined
from functions.usage.strict_json import INVALID, NOT_AN_OBJECT, names_twice, read_object, read_plain
from tests.fakes.access_log_lines import FIELDS, access_line

NAMES = st.sampled_from(["a", "b", ":", '\\"', "", "customerId"])
SCALARS = st.one_of(
    st.text(max_size=4), st.sampled_from([":", '"', ",", "\\", "{"]), st.integers(), st.none()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2)
)
# Objects written by hand, so that names may repeat and blanks may stand anywhere.
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=5)
BLANKS = st.sampled_from(["", " ", "\t "])


def _written(pairs: list[tuple[str, object]], blank: str, *, ascii_only: bool) -> str:
    members = (
        f"{json.dumps(name)}{blank}:{blank}{json.dumps(value, ensure_ascii=ascii_only)}"
        for name, value in pairs
    )
    return f"{{{f'{blank},'.join(members)}}}"


@given(PAIRS, BLANKS, st.sampled_from(["escaped", "as it is"]))
@example([("a", 1), ("a", "x")], "", "escaped")
@example([("a", 1), ("b", 2), ("b", "x")], "", "escaped")
@example([(":", 2), (":", 1)], "", "escaped")
def test_the_quick_reader_never_differs_from_the_exact_one(
    pairs: list[tuple[str, object]], blank: str, escape: str
) -> None:
    """What it takes is what the exact reader gives; it never takes a name that stands twice."""
    line = _written(pairs, blank, ascii_only=escape == "escaped")
    quick = read_plain(line)
    exact = read_object(line)
    assert quick is None or quick == exact
    if len({name for name, _ in pairs}) != len(pairs):
        assert isinstance(exact, Quarantined)
        assert exact.reason == "tamper"


@given(st.dictionaries(st.sampled_from("abcdef"), st.text("xyz:,{} ", max_size=3)))
def test_the_quick_reader_takes_every_plain_line(fields: dict[str, str]) -> None:
    """Otherwise each line would cost five times as much, unseen."""
    assert read_plain(json.dumps(fields)) == fields


def test_our_own_format_is_plain() -> None:
    """The line that the stage writes goes the quick way."""
    assert read_plain(access_line()) == FIELDS


@pytest.mark.parametrize(
    "line",
    [
        '{"customerId":"a","customerId":"b"}',
        '{"customerId":"a","customer\\u0049d":"b"}',
        '{"a":{"b":1,"b":2}}',
        '{"a":[{"b":1,"b":1}]}',
        '{"a":1,"b":2,"b":"x"}',
    ],
)
def test_a_name_that_stands_twice_is_tampering(line: str) -> None:
    """At any depth, and however it is spelt."""
    outcome = read_object(line)
    assert isinstance(outcome, Quarantined)
    assert outcome.reason == "tamper"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", INVALID),
        ('{"a":-,"b":"x"}', INVALID),
        ('{"x": " "Endpoint request timed out""}', INVALID),
        ('{"a":"b"} trailing', INVALID),
        ('{"a":"line\nbreak"}', INVALID),
        ("[" * 100_000, INVALID),
        ('{"a":' * 100_000, INVALID),
        ("1" * 100_000, INVALID),
        ("\ufeff{}", INVALID),
        ("[]", NOT_AN_OBJECT),
        ('"a"', NOT_AN_OBJECT),
    ],
)
def test_what_is_no_object_is_said_so(line: str, expected: Quarantined) -> None:
    """Broken JSON and JSON of another kind are different faults."""
    assert read_plain(line) is None
    assert read_object(line) == expected


@given(st.text(st.characters()))
def test_any_text_is_read_or_quarantined(line: str) -> None:
    """Lone surrogates included."""
    assert isinstance(read_object(line), Quarantined | dict)
    assert isinstance(read_plain(line), dict | None)


@given(PAIRS, PAIRS)
def test_the_names_that_stand_twice_are_those_for_which_a_line_is_refused(
    outer: list[tuple[str, object]], inner: list[tuple[str, object]]
) -> None:
    """With their paths, in objects that stand in lists and in what is said a second time, too."""
    text = _written(outer, "", ascii_only=True)
    within = _written(inner, "", ascii_only=True)
    whole = f'{{"x": {text}, "y": [0, {within}]}}'
    found = names_twice(whole)
    said = {
        *(("x", name) for name, _ in outer if [one for one, _ in outer].count(name) > 1),
        *(("y", 1, name) for name, _ in inner if [one for one, _ in inner].count(name) > 1),
    }
    assert (set(found), len(found)) == (said, len(said))
    assert bool(found) == isinstance(read_object(whole), Quarantined)


def test_what_the_last_of_two_names_hides_is_looked_at() -> None:
    """A person who takes one away keeps the other: both are whole."""
    text = '{"a": {"b": 1, "b": 2}, "a": {"c": [{"d": 1, "d": 1, "d": 1}]}}'
    assert names_twice(text) == [("a",), ("a", "b"), ("a", "c", 0, "d")]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "1" * 5000, b"\xff"])
def test_what_is_no_json_is_not_looked_at(text: str | bytes) -> None:
    """Its reader says what it is."""
    with pytest.raises((ValueError, RecursionError)):
        names_twice(text)


def test_a_line_of_very_many_names_is_read_in_time() -> None:
    """Log events may be 1 MB long: a name that stands twice at their end is found in one pass."""
    names = ",".join(f'"a{number}":1' for number in range(80_000))
    began = time.process_time()
    found = read_object(f'{{{names},"b":1,"b":2}}')
    assert time.process_time() - began < 10
    assert isinstance(found, Quarantined)
    assert (found.reason, "'b'" in found.detail) == ("tamper", True)


@pytest.mark.parametrize(
    "line",
    [
        '{"v":"1","customerId":"a","customerId":"b"}',
        '{"v":"1","customerId":"a","customerId":"a"}',
        '{"a":"","a":""}',
        '{"v":"1","customer\\u0049d":"a","customerId":"b"}',
        '{"v":"1","n":1}',
        '{"v":"1","n":"caf\u00e9"}',
    ],
)
def test_the_quick_reader_leaves_what_is_not_plain_to_the_exact_one(line: str) -> None:
    """A name that stands twice, or is spelled so that it might, would choose who pays."""
    assert read_plain(line) is None
