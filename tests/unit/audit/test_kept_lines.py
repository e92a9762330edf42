"""A line that metering kept is found, whatever stands in it; one that nobody kept is not."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.quarantined_object import subscription_payload
from functions.audit.comparison import kept_lines
from functions.audit.comparison.kept_lines import CLOCKS_DIFFER_MS, KeptLines, KeptOfGroup
from functions.metering.log_delivery import LogDelivery
from functions.metering.quarantine import (
    QuarantineBucket,
    QuarantineObject,
    quarantined_delivery,
    quarantined_lines,
)
from functions.metering.sorting import QuarantinedRequest
from functions.usage.moment import DAY_MS, HOUR_MS
from functions.usage.outcome import Quarantined
from tests.fakes.execution_log_lines import vended, vended_columns
from tests.fakes.s3_objects import WRITTEN_AT, FakeBucket

GROUP, STREAM, OWNER = "/shop", "stream", "123456789012"
AT_MS = 1_784_512_215_218
FROM_MS, TO_MS = AT_MS - 60_000, AT_MS + 240_000
NO_CUSTOMER = Quarantined("no_customer", "nobody")
KEY = "abcdEFGHijklMNOPqrstUVWXyz0123456789abCD"  # as API Gateway makes the value of an API key


def line(message: str = "a", at_ms: int = AT_MS, name: str = "7" * 56) -> dict[str, Any]:
    return {"id": name, "timestamp": at_ms, "message": message}


def keep(
    bucket: FakeBucket,
    *lines: object,
    why: Quarantined = NO_CUSTOMER,
    group: str = GROUP,
    stream: str = STREAM,
) -> list[str]:
    """As metering does it."""
    refused = [QuarantinedRequest(why, (one,)) for one in lines]
    delivery = LogDelivery(OWNER, group, stream, lines)
    return put(bucket, quarantined_lines(delivery, refused))


def put(bucket: FakeBucket, objects: Iterable[QuarantineObject]) -> list[str]:
    made = list(objects)
    QuarantineBucket(bucket, "bucket").keep(made)  # type: ignore[arg-type]
    return [one.key for one in made]


def reader(bucket: FakeBucket) -> KeptLines:
    return KeptLines(bucket, "bucket")  # type: ignore[arg-type]


def kept_of(bucket: FakeBucket, from_ms: int = FROM_MS, to_ms: int = TO_MS) -> KeptOfGroup:
    return reader(bucket).of(GROUP, from_ms, to_ms)


def failed_record(bucket: FakeBucket, payload: Mapping[str, object]) -> str:
    """As Lambda writes it."""
    key = "aws/lambda/async/metering/2026/07/20/2026-07-20T01.50.15-0123.json"
    bucket.objects[key] = json.dumps({"version": "1.0", "requestPayload": payload}).encode()
    return key


def whole(*lines: Mapping[str, Any], group: str = GROUP) -> dict[str, object]:
    place = {"owner": OWNER, "logGroup": group, "logStream": STREAM}
    return subscription_payload(place, lines)


# What credentials are known by, among any text.
SECRETS = st.sampled_from(
    [
        "Authorization: Bearer abc", "{X-Api-Key=abc, Host=x}", '{"apiKey": "a\\"b"}', KEY,
        "sk_live_abc123", "<apiKey>abc</apiKey>", "apiKey='abc'", "cookie=a; cookie=b",
        "eyJhbGciOiJ9.eyJzdWIi.c2ln", "basic basic basic abc", "[redacted]", "arn:aws:", "\t", " ",
        "(id) ", "{", '"', "Authorization=", "\n", "\ud800", "\ufffd",
    ]
)  # fmt: skip
ANY_TEXT = st.lists(SECRETS | st.text(st.characters(exclude_categories=[]), max_size=20)).map(
    "".join
)
MESSAGES = ANY_TEXT | ANY_TEXT.map(vended) | ANY_TEXT.map(vended_columns)
IDS = st.text(st.sampled_from("0123456789abcdefABCDEF-"), min_size=32, max_size=56)
TIMES = st.integers(FROM_MS, TO_MS - 1)
NEIGHBOURS = st.lists(
    st.dictionaries(
        st.sampled_from(["id", "message", "more"]), st.none() | st.integers() | MESSAGES
    )
    | st.builds(line, MESSAGES, TIMES, IDS)
    | MESSAGES
    | st.lists(st.integers()),
    max_size=3,
)


@given(MESSAGES, TIMES, NEIGHBOURS, st.integers(0, 3), IDS | st.just("") | st.none())
def test_a_kept_line_is_found_whatever_stands_in_it(
    message: str, at_ms: int, neighbours: list[Any], place: int, other_id: str | None
) -> None:
    """Redacted or not, under the delivery's id, another one or none; and its reason is known."""
    bucket = FakeBucket()
    delivered = line(message, at_ms)
    keep(bucket, *neighbours[:place], delivered, *neighbours[place:])
    kept = kept_of(bucket)
    assert kept.reason_of(STREAM, delivered) == "no_customer"
    assert kept.has(STREAM, {**delivered, "id": other_id})


@given(MESSAGES, TIMES, NEIGHBOURS)
def test_a_line_that_was_metered_again_and_kept_again_is_found(
    message: str, at_ms: int, neighbours: list[Any]
) -> None:
    """Out of the quarantine it comes redacted, and is redacted once more."""
    first, second = FakeBucket(), FakeBucket()
    keep(first, *neighbours, line(message, at_ms))
    (body,) = first.objects.values()
    keep(second, *json.loads(body)["logEvents"], why=Quarantined("tamper", "twice"))
    kept = kept_of(second)
    assert kept.reason_of(STREAM, line(message, at_ms, "another")) == "tamper"


@given(st.lists(st.builds(line, MESSAGES, TIMES, IDS), max_size=5))
def test_lines_of_another_group_are_never_found(lines: list[dict[str, Any]]) -> None:
    """Kept line by line or whole."""
    bucket = FakeBucket()
    keep(bucket, *lines, group="/other")
    failed_record(bucket, whole(*lines, group="/other"))
    kept = kept_of(bucket)
    assert not any(kept.has(STREAM, one) for one in lines)


@given(MESSAGES, TIMES, IDS)
def test_what_differs_from_a_kept_line_is_not_found(message: str, at_ms: int, name: str) -> None:
    """In time, stream or text; a short id is a program's own and says nothing."""
    bucket = FakeBucket()
    keep(bucket, line(message, at_ms, name), line(message, at_ms, "5"))
    kept = kept_of(bucket)
    assert not kept.has(STREAM, line(message, at_ms + 1, name))
    assert not kept.has("another", line(message, at_ms, ""))
    assert not kept.has("another", line(message, at_ms, "5"))
    assert not kept.has(STREAM, line(f"more {message}", at_ms, "5"))


@pytest.mark.parametrize("write", ["kept", "failed"])
@given(message=MESSAGES, name=IDS)
def test_lines_of_whole_deliveries_are_found(write: str, message: str, name: str) -> None:
    """Those of Lambda's records and, where they can be read, of metering's; only of this group."""
    bucket = FakeBucket()
    if write == "failed":
        failed_record(bucket, whole(line(message)))
    else:
        put(bucket, [quarantined_delivery(whole(line(message)), Quarantined("bad_shape", "no"))])
    kept = kept_of(bucket)
    expected = {"kept": "delivery", "failed": "failed_delivery"}[write]
    assert kept.reason_of(STREAM, line(message)) == expected
    assert kept.reason_of(STREAM, line(message, name=name)) == expected
    assert not reader(bucket).of("/other", FROM_MS, TO_MS).has(STREAM, line(message))


def test_the_reason_of_lines_goes_before_that_of_a_whole_delivery() -> None:
    """It says what is wrong with them."""
    bucket = FakeBucket()
    failed_record(bucket, whole(line()))
    put(bucket, [quarantined_delivery(whole(line()), Quarantined("bad_shape", "no"))])
    keep(bucket, line(), why=Quarantined("tamper", "twice"))
    assert kept_of(bucket).reason_of(STREAM, line()) == "tamper"


def test_only_lines_of_the_range_are_kept_in_memory() -> None:
    """`to_ms` is not one of them."""
    bucket = FakeBucket()
    keep(bucket, *(line("a", at) for at in (FROM_MS - 1, FROM_MS, TO_MS - 1, TO_MS)))
    kept = kept_of(bucket)
    found = [kept.has(STREAM, line("a", at)) for at in (FROM_MS - 1, FROM_MS, TO_MS - 1, TO_MS)]
    assert found == [False, True, True, False]


@pytest.mark.parametrize("from_ms", [AT_MS - AT_MS % DAY_MS, AT_MS - AT_MS % HOUR_MS])
def test_a_delivery_that_began_in_the_hour_before_is_read(from_ms: int) -> None:
    """Its object stands under its first line, of the day before at midnight."""
    bucket = FakeBucket()
    keep(bucket, line("a", from_ms - 1), line("b", from_ms))
    kept = kept_of(bucket, from_ms, from_ms + 300_000)
    assert kept.has(STREAM, line("b", from_ms))
    assert not kept.has(STREAM, line("a", from_ms - 1))


def test_a_range_of_several_hours_is_read_whole() -> None:
    """And nothing after it."""
    bucket = FakeBucket()
    times = [AT_MS + hours * HOUR_MS for hours in range(6)]
    for at in times:
        keep(bucket, line("a", at))
    kept = kept_of(bucket, AT_MS, AT_MS + 4 * HOUR_MS)
    assert [kept.has(STREAM, line("a", at)) for at in times] == [True] * 4 + [False] * 2
    assert len(bucket.names_read) == 5  # to the end of the last hour


def test_what_was_put_aside_is_not_kept() -> None:
    """Its events are on their way, or it stays under another name."""
    bucket = FakeBucket()
    (name,) = keep(bucket, line())
    bucket.objects[f"replayed/r1/{name}"] = bucket.objects.pop(name)
    assert not kept_of(bucket).has(STREAM, line())


def test_what_is_put_aside_while_it_is_read_is_passed_over() -> None:
    """The others are read all the same."""

    class Leaving(FakeBucket):
        """A replay takes the object that is asked for."""

        def get_object(self, **asked: str) -> Any:
            if asked["Key"] == leaves:
                self.objects.pop(leaves, None)
            return super().get_object(**asked)

    bucket = Leaving()
    keep(bucket, line("a"), why=Quarantined("a", ""))
    (leaves,) = keep(bucket, line("b"), why=Quarantined("b", ""))
    keep(bucket, line("c"), why=Quarantined("c", ""))
    kept = kept_of(bucket)
    texts = [kept.has(STREAM, line(text, name="")) for text in "abc"]
    assert texts == [True, False, True]


def test_what_may_not_be_read_raises() -> None:
    """A line that is kept must not pass for one that is lost."""

    class Refusing(FakeBucket):
        """A bucket that is not ours."""

        def get_object(self, **asked: str) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    bucket = Refusing()
    keep(bucket, line())
    with pytest.raises(ClientError):
        kept_of(bucket)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"logEvents": [5]}', b"[" * 200_000])
def test_what_nobody_can_read_holds_no_line(body: bytes) -> None:
    """Its lines are in the log group."""
    bucket = FakeBucket()
    (name,) = keep(bucket, line("a"))
    for place in (name.replace("no_customer", "bad_time"), "quarantine/delivery/undated/x.json"):
        bucket.objects[place] = body
    bucket.objects["aws/lambda/async/x.json"] = body
    kept = kept_of(bucket)
    assert kept.reason_of(STREAM, line("a")) == "no_customer"
    assert not kept.has(STREAM, line("b", name=""))


def test_an_object_is_read_again_only_for_its_own_lines() -> None:
    """An hour has twelve windows, and each would read all of it."""
    bucket = FakeBucket()
    (mine,) = keep(bucket, line())
    keep(bucket, line(at_ms=TO_MS + 1), line())
    keep(bucket, line(), group="/other")
    failed_record(bucket, whole(line(at_ms=TO_MS + 1)))
    lines = reader(bucket)
    assert lines.of(GROUP, FROM_MS, TO_MS).has(STREAM, line())
    assert len(bucket.names_read) == len(bucket.objects)
    bucket.names_read.clear()
    assert lines.of(GROUP, FROM_MS, AT_MS + 1).has(STREAM, line())
    assert lines.of(GROUP, FROM_MS, AT_MS).has(STREAM, line()) is False
    assert bucket.names_read.count(mine) == 1
    assert len(bucket.names_read) == 2


def test_more_objects_than_a_page_lists_are_read() -> None:
    """Those of a reason, and the whole deliveries."""
    bucket = FakeBucket(page=1)
    lines = [line(str(number), AT_MS + number, "") for number in range(5)]
    for one in lines[:3]:
        keep(bucket, one)
    put(bucket, [quarantined_delivery(whole(lines[3]), Quarantined("bad_shape", "no"))])
    failed_record(bucket, whole(lines[4]))
    kept = kept_of(bucket)
    assert all(kept.has(STREAM, one) for one in lines)


def test_what_is_remembered_of_objects_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is begun anew, and every line is found as before."""
    monkeypatch.setattr(kept_lines, "_SPANS", 2)
    bucket = FakeBucket()
    lines = [line(str(number), AT_MS + number) for number in range(5)]
    for one in lines:
        keep(bucket, one)
    found = reader(bucket)
    for _ in range(2):
        kept = found.of(GROUP, FROM_MS, TO_MS)
        assert all(kept.has(STREAM, one) for one in lines)


def test_an_object_older_than_its_range_is_not_read() -> None:
    """No line is kept before it was written, as far as clocks agree."""
    bucket = FakeBucket()
    written_ms = int(WRITTEN_AT.replace(tzinfo=UTC).timestamp() * 1000)
    at_ms = written_ms + CLOCKS_DIFFER_MS
    failed_record(bucket, whole(line(at_ms=at_ms)))
    keep(bucket, line(at_ms=at_ms))
    assert kept_of(bucket, at_ms, at_ms + 1).has(STREAM, line(at_ms=at_ms))
    bucket.names_read.clear()
    kept_of(bucket, at_ms + 1, at_ms + 2)
    assert bucket.names_read == []
    assert datetime.fromtimestamp(written_ms / 1000, UTC) == WRITTEN_AT
