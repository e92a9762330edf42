"""Lines come out as they went in, in whatever pieces the bytes arrive."""

import gzip
import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import (
    UnreadableObject,
    lines_of,
    put_lines,
    put_lines_once,
    read_lines,
)
from tests.fakes.s3_objects import WRITTEN_AT, Body, FakeBucket, FakeObjects

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROWS = st.lists(st.dictionaries(TEXTS, TEXTS | st.integers() | st.none(), max_size=4), max_size=30)


class Written:
    """Takes what is put."""

    def put_object(self, **asked: Any) -> None:
        self.body: bytes = asked["Body"]


def _object(rows: object) -> bytes:
    written = Written()
    put_lines(written, "bucket", "key", rows)  # type: ignore[arg-type]
    return written.body


def _read(*pieces: bytes) -> list[bytes]:
    return list(read_lines(FakeObjects({"p/1": pieces}), "bucket", "p/"))  # type: ignore[arg-type]


@given(ROWS, st.data())
def test_rows_come_back_whatever_the_chunks(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    """A chunk may end inside a line, a character or the gzip header, and may be empty."""
    body = _object(rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    pieces = [body[start:end] for start, end in pairwise([0, *cuts, len(body)])]
    assert [json.loads(line) for line in lines_of(pieces)] == rows


@given(ROWS)
def test_the_same_rows_are_the_same_bytes(rows: list[dict[str, Any]]) -> None:
    """Written twice is written once; and any tool that reads gzip reads them."""
    body = _object(rows)
    assert _object(rows) == body
    lines = gzip.decompress(body).decode().split("\n")
    assert [json.loads(line) for line in lines if line] == rows


def test_a_last_line_without_an_end_is_a_line() -> None:
    """What another tool wrote under our prefix is read as well."""
    assert _read(gzip.compress(b'{"a":1}\n{"b":2}')) == [b'{"a":1}', b'{"b":2}']


@pytest.mark.parametrize("keep", [0, 5, -1, -12])
def test_an_object_that_is_cut_is_an_error_and_not_a_shorter_one(keep: int) -> None:
    """A row that silently is not there would be billed again, or taken for lost."""
    body = _object([{"n": number} for number in range(100)])
    with pytest.raises(UnreadableObject) as raised:
        _read(body[:keep])
    assert raised.value.name == "p/1"
    assert "p/1" in str(raised.value)


def test_of_many_objects_the_one_that_s3_does_not_give_is_named() -> None:
    """What S3 answers names the call and not the object; nobody could find it among thousands."""
    refusal = ClientError({"Error": {"Code": "InvalidObjectState"}}, "GetObject")

    class Archived(FakeObjects):
        def get_object(self, **asked: str) -> dict[str, Body]:
            if asked["Key"] == "p/2":
                raise refusal
            return super().get_object(**asked)

    objects: Any = Archived({"p/1": [_object([1])], "p/2": []})
    with pytest.raises(ClientError) as raised:
        list(read_lines(objects, "bucket", "p/"))
    assert raised.value.__notes__ == ["p/2"]


def test_what_was_written_before_is_left_out() -> None:
    """`since` itself is inside."""
    objects: Any = FakeObjects({"p/1": [_object([1])]})
    just_after = WRITTEN_AT + timedelta(seconds=1)
    assert list(read_lines(objects, "bucket", "p/", WRITTEN_AT)) == [b"1"]
    assert list(read_lines(objects, "bucket", "p/", just_after)) == []


def test_rows_are_put_once_and_another_object_in_the_way_is_an_error() -> None:
    """An answer may be lost, and the SDK asks again: the same rows are no fault. Others that were
    taken for ours would be rows that nobody wrote.
    """
    bucket: Any = FakeBucket()
    for _ in range(2):
        put_lines_once(bucket, "bucket", "ledger/a", [{"key": 1}])
    before = dict(bucket.objects)
    with pytest.raises(UnreadableObject, match="ledger/a"):
        put_lines_once(bucket, "bucket", "ledger/a", [{"key": 2}])
    assert bucket.objects == before


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "InternalError"])
def test_an_error_of_s3_is_no_object_in_the_way(code: str) -> None:
    """It is raised: nothing was put."""

    class Refusing(FakeBucket):
        def put_object(self, **asked: Any) -> None:
            raise ClientError({"Error": {"Code": code}}, "PutObject")

    bucket: Any = Refusing()
    with pytest.raises(ClientError, match=code):
        put_lines_once(bucket, "bucket", "ledger/a", [{"key": 1}])
