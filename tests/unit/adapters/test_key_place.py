"""Telling a row's key by its place gives what parsing every row gives, whatever the rows hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from functions.adapters.json_lines import UnreadableObject, put_lines
from functions.adapters.key_place import lines_with
from functions.adapters.ledger import Ledger, hour_prefix
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import OCCURRED_AT, ledger_row

HOUR = OCCURRED_AT[:13]
KEYS = st.sampled_from(["apigw1-aa", "apigw1-a", "apigw1-bb", 'a"b', "ü", "a\\b", "", "key", "\n"])
# What a key looks like, where it is none.
TEXTS = st.one_of(
    KEYS,
    st.sampled_from(['{"key":"apigw1-aa"', '"key":"apigw1-aa"', '","key":"apigw1-aa', '{"key":"']),
    st.text(max_size=8),
)
FIELDS = st.dictionaries(st.one_of(st.sampled_from(["customerId", "reason"]), TEXTS), TEXTS)


def spelled(text: str, *, escaped: bool) -> str:
    """A JSON string; with every character as an escape, if so."""
    return "".join(['"', *(f"\\u{ord(c):04x}" for c in text), '"']) if escaped else json.dumps(text)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A row as the forwarder writes it, or as anybody may: key anywhere, twice, spaced, escaped."""
    fields = draw(FIELDS)
    if draw(st.booleans()):
        return to_json({"key": draw(KEYS), **{k: v for k, v in fields.items() if k != "key"}})
    items = [(name, draw(TEXTS)) for name in draw(st.permutations(["key", "key", *fields]))]
    space = draw(st.sampled_from(["", " "]))
    members = (
        f"{spelled(name, escaped=draw(st.booleans()))}{space}:{space}"
        f"{spelled(value, escaped=draw(st.booleans()))}"
        for name, value in items
        if all(ord(c) < 0x10000 for c in name + value)
    )
    return f"{space}{{{space}{','.join(members)}}}".encode(errors="replace")


def key_of(line: bytes) -> object:
    return json.loads(line).get("key")


@given(st.lists(st.lists(lines(), min_size=1, max_size=4)), st.frozensets(KEYS, max_size=4))
def test_no_line_of_a_wanted_key_is_passed_over(
    blocks: list[list[bytes]], wanted: frozenset[str]
) -> None:
    """A key's text in another field, a second key, escapes and spaces hide nothing."""
    given_lines = list(lines_with((b"\n".join(block) for block in blocks), wanted))
    every = [line for block in blocks for line in block]
    assert [line for line in given_lines if key_of(line) in wanted] == [
        line for line in every if key_of(line) in wanted
    ]


def test_rows_as_the_forwarder_writes_them_are_told_apart() -> None:
    """Of a thousand rows with the text of the key in another field one is given."""
    wanted = ledger_row(7)["key"]
    rows = [{**ledger_row(n), "customerId": wanted} for n in range(1_000)]
    block = b"\n".join(map(to_json, rows))
    assert [key_of(line) for line in lines_with([block], {wanted})] == [wanted]


def test_the_text_of_a_key_in_another_field_is_no_row_of_it() -> None:
    """What is given after parsing is of the key and of nothing else."""
    bucket: Any = FakeBucket()
    ledger, wanted = Ledger(bucket, "bucket"), ledger_row(1)["key"]
    other = {**ledger_row(2), "customerId": f'{{"key":"{wanted}"', "reason": wanted}
    ledger.append([other, ledger_row(1)], "20261123T100100000Z-a")  # type: ignore[list-item]
    assert list(ledger.rows_of(HOUR, {wanted})) == [ledger_row(1)]


@pytest.mark.parametrize(
    "row", [{"n": 1}, {"key": 5}, {**ledger_row(1), "quantity": "many"}, [1], "text"]
)
def test_what_may_be_the_row_and_is_none_is_named(row: object) -> None:
    """The row of a wanted key is validated, and so is what begins like no row at all."""
    name = f"{hour_prefix(HOUR)}foreign.json.gz"
    bucket: Any = FakeBucket()
    put_lines(bucket, "bucket", name, [ledger_row(2), row])
    with pytest.raises(UnreadableObject) as raised:
        list(Ledger(bucket, "bucket").rows_of(HOUR, {ledger_row(1)["key"]}))
    assert raised.value.name == name


def test_an_object_that_ends_too_early_is_named_whatever_is_looked_for() -> None:
    """A row that is cut off would pass for one that was never written."""
    bucket: Any = FakeBucket()
    ledger = Ledger(bucket, "bucket")
    ledger.append([ledger_row(n) for n in range(3)], "20261123T100100000Z-a")
    (name,) = bucket.objects
    bucket.objects[name] = bucket.objects[name][:-9]
    with pytest.raises(UnreadableObject):
        list(ledger.rows_of(HOUR, {ledger_row(0)["key"]}))


def test_a_second_key_of_a_row_is_the_one_that_counts() -> None:
    """JSON's last name wins: told by its beginning, a row of a wanted key would be passed over."""
    line = b'{"key":"other","customerId":"c","key":"wanted"}'
    assert list(lines_with([line], {"wanted"})) == [line]
    assert list(lines_with([line + b"\n" + b'{"key":"third"}'], {"wanted"})) == [line]
