"""An export of a log group: each record once, and what cannot be read is named."""

import gzip
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import UnreadableObject
from functions.audit.log.exported_log import ExportedLog
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.s3_objects import FakeBucket, FakeObjects

BASE = 1_796_000_000_000
NAME = "exports/one/6f7a-task/0123abcd/000000.gz"


def exported(*records: tuple[int, str]) -> bytes:
    return "".join(f"{iso_from_epoch_ms(at)} {text}\n" for at, text in records).encode()


def log(objects: dict[str, bytes], prefix: str = "exports/one") -> ExportedLog:
    return ExportedLog(cast("Any", FakeBucket(objects=objects)), "bucket", prefix)


def read(body: bytes, name: str = NAME, *, pieces: int = 0) -> list[tuple[int, str]]:
    """Of all times; the body arrives in `pieces` pieces of any size."""
    step = max(1, -(-len(body) // pieces)) if pieces else len(body) or 1
    parts = [body[at : at + step] for at in range(0, len(body), step)]
    found = ExportedLog(cast("Any", FakeObjects({name: parts})), "bucket", "exports")
    return [
        (line["timestamp"], line["message"])
        for chunk in found.chunks(name, 0, 10**15)
        for line in chunk.lines
    ]


# As a message may be: of several lines, empty ones too; none that looks like a record.
MESSAGES = st.text(st.characters(codec="utf-8"), max_size=40).filter(
    lambda text: not any(line[:4].isdigit() for line in text.split("\n")[1:])
)
RECORDS = st.lists(st.tuples(st.integers(0, 10**9), MESSAGES), max_size=20)


@given(records=RECORDS, members=st.integers(1, 3), pieces=st.integers(0, 9))
def test_every_record_comes_once_as_it_was(
    records: list[tuple[int, str]], members: int, pieces: int
) -> None:
    """Its time, and all lines of its message; whatever the gzip file is made of."""
    written = [(BASE + at, text) for at, text in records]
    body = exported(*written)
    step = len(body) // members + 1
    parts = [body[at : at + step] for at in range(0, len(body), step)] or [b""]
    assert read(b"".join(map(gzip.compress, parts)), pieces=pieces) == written


@given(records=RECORDS, cut=st.integers(0, 10**9))
def test_each_record_is_in_one_range_of_time(records: list[tuple[int, str]], cut: int) -> None:
    """A range's end is the next one's; an export's records have no order."""
    found = log({NAME: gzip.compress(exported(*((BASE + at, text) for at, text in records)))})
    halves = [
        sorted(
            line["timestamp"] - BASE
            for chunk in found.chunks(NAME, begin, end)
            for line in chunk.lines
        )
        for begin, end in ((0, BASE + cut), (BASE + cut, 10**15))
    ]
    assert halves == [
        sorted(at for at, _ in records if at < cut),
        sorted(at for at, _ in records if at >= cut),
    ]


def test_the_parts_are_the_tasks_objects() -> None:
    """Without the object that only tried whether it may be written, and the heartbeat's stream; a
    prefix that begins alike is another's.
    """
    names = [
        "exports/one/6f7a-task/0123abcd/000000.gz",
        "exports/one/6f7a-task/0123abcd/000001.gz",
        "exports/one/6f7a-task/2026-11-29-[$LATEST]abcd/000000.gz",
        "exports/one/notes.txt",
    ]
    others = [
        "exports/one/aws-logs-write-test",
        "exports/one/6f7a-task/aforo-heartbeat/000000.gz",
        "exports/one-more/6f7a-task/0123abcd/000000.gz",
    ]
    objects = dict.fromkeys([*names, *others], b"")
    assert list(log(objects).parts()) == names
    assert list(log(objects, "/exports/one/").parts()) == names
    assert set(log(objects, "").parts()) == {*names, others[2]}


def test_a_line_knows_its_stream_and_has_no_id() -> None:
    """The folder says the stream; slashes of its name are dashes there."""
    (chunk,) = log({NAME: gzip.compress(exported((BASE, "{}")))}).chunks(NAME, 0, 10**15)
    assert chunk.log_stream == chunk.stream_of(0) == "0123abcd"
    assert chunk.lines == ({"id": "", "timestamp": BASE, "message": "{}"},)


def test_broken_bytes_spoil_one_record_alone() -> None:
    """As metering reads a delivery."""
    body = exported((BASE, "one"), (BASE, "two")).replace(b"one", b"\xff\xfe")
    assert read(gzip.compress(body)) == [(BASE, "\ufffd\ufffd"), (BASE, "two")]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("exports/one/notes.txt", b"x"),
        ("exports/one/6f7a-task/0123abcd/000000.txt", b"x"),
        (NAME, b"no gzip"),
        (NAME, b""),
        (NAME, gzip.compress(exported((BASE, "one")))[:-9]),
        (NAME, gzip.compress(exported((BASE, "one"))) + b"rest"),
        (NAME, gzip.compress(b"no time at the beginning\n")),
        (NAME, gzip.compress(b"2026-02-30T10:00:00.000Z no such day\n")),
    ],
    # Said, since gzip writes the time of day: each process would collect other names.
    ids=["notes", "not_gz", "no_gzip", "empty", "cut", "rest", "no_time", "no_such_day"],
)
def test_what_cannot_be_read_is_named(name: str, body: bytes) -> None:
    """Passed over in silence, its requests would count as never served."""
    with pytest.raises(UnreadableObject, match=name.replace(".", r"\.")):
        read(body, name)
