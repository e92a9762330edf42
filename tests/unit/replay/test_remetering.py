"""A round of a replay of the quarantine that dies, and is tried again with the same input."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.replay.limits import MoveTask
from functions.replay.manifest import Manifests
from functions.replay.metering_call import Answer
from functions.replay.quarantine_listing import Entry
from functions.replay.remetering import MovedSoFar, Remetering
from functions.replay.second_reading import SecondReading
from tests.fakes.s3_objects import WRITTEN_AT, FakeBucket

OBJECTS = 12
BILLED = Answer(
    billed=1,
    excluded={},
    quarantined={},
    kept=[],
    incomplete=[],
    usage=[("k", "cus_a", "api_calls", 1, "2026-11-23T08:00:00.000Z")],
)


class Died(Exception):  # noqa: N818 - what happens to a Lambda
    """The try ends here."""


class Quarantine:
    """Objects by name; dies at the given call of `put_aside`, before it or after it."""

    def __init__(self, objects: int = OBJECTS) -> None:
        self.objects = {
            f"quarantine/no_customer/2026-11-23/08/{n:03}.json": b'{"logEvents": []}'
            for n in range(objects)
        }
        self.gone: list[str] = []
        self.deaths: Iterator[tuple[int, bool]] = iter(())
        self._dies: tuple[int, bool] | None = None
        self._calls = 0

    def next_try(self) -> None:
        self._calls, self._dies = 0, next(self.deaths, None)

    def entries(
        self, prefixes: Iterable[str], before: object, after_key: str = ""
    ) -> Iterator[Entry]:
        assert before
        for key in sorted(self.objects):
            if key > after_key and key.startswith(tuple(prefixes)):
                yield Entry(key, WRITTEN_AT - timedelta(hours=1))

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def put(self, key: str, body: bytes) -> None:
        self.objects[key] = body

    def put_aside(self, key: str, _: str) -> None:
        self._calls += 1
        at, has_left = self._dies or (0, False)
        if self._calls == at and not has_left:
            raise Died
        del self.objects[key]
        self.gone.append(key)
        if self._calls == at:
            raise Died


class Metering:
    """Bills all there is."""

    def take(self, _: Mapping[str, object], *, from_log: bool = False) -> Answer:
        assert not from_log
        return BILLED


def until_done(quarantine: Quarantine, bucket: FakeBucket, **limits: Any) -> MovedSoFar:
    """As Step Functions does: the same input until a try lives."""
    task = {
        "replayId": "r",
        "startedAt": WRITTEN_AT,
        "round": 1,
        "seeAtMost": OBJECTS,
        "moveAtMost": OBJECTS,
        **limits,
        "order": {"source": "quarantine", **limits.get("order", {})},
    }
    for number in range(10):
        quarantine.next_try()
        remetering = Remetering(
            quarantine=cast("Any", quarantine),
            reading=SecondReading(Metering(), cast("Any", None), 0),
            manifests=Manifests(cast("Any", bucket), "b", "r", task["startedAt"]),
        )
        try:
            return remetering.run(MoveTask.model_validate(task), f"000001-{number}", lambda: True)
        except Died:
            continue
    raise AssertionError("every try died")


DEATHS = st.lists(st.tuples(st.integers(1, OBJECTS), st.booleans()), max_size=5)


@given(
    deaths=DEATHS,
    most=st.integers(1, OBJECTS),
    seen=st.integers(1, OBJECTS),
    has_max=st.booleans(),
)
def test_a_round_that_dies_moves_no_more_than_it_may(
    *, deaths: list[tuple[int, bool]], most: int, seen: int, has_max: bool
) -> None:
    """And says to the object what has left, whichever try moved it."""
    quarantine, order = Quarantine(), {"maxMessages": most} if has_max else {}
    quarantine.deaths = iter(deaths)
    limits = {"moveAtMost": most if has_max else OBJECTS, "seeAtMost": seen}
    moved = until_done(quarantine, FakeBucket(), order=order, **limits).moved
    assert moved.messages == moved.seen == len(quarantine.gone)
    assert len(quarantine.gone) == min(limits["moveAtMost"], seen)


def test_a_try_that_dies_after_its_last_object_has_done_its_part() -> None:
    """One S3 call that fails must not double what a person allowed."""
    quarantine = Quarantine()
    quarantine.deaths = iter([(10, True)])
    progress = until_done(quarantine, FakeBucket(), order={"maxMessages": 10}, moveAtMost=10)
    assert (len(quarantine.gone), progress.moved.messages) == (10, 10)


def test_what_a_replay_of_the_same_name_moved_long_ago_does_not_count() -> None:
    """Step Functions gives a name away again after 90 days; the manifests are kept for 400."""
    bucket, quarantine = FakeBucket(), Quarantine()
    until_done(quarantine, bucket, order={"maxMessages": 3}, moveAtMost=3)
    later = {"startedAt": WRITTEN_AT + timedelta(days=91)}
    until_done(quarantine, bucket, order={"maxMessages": 3}, moveAtMost=3, **later)
    assert len(quarantine.gone) == 6


@pytest.mark.parametrize("objects", [0, 3])
def test_the_end_of_the_quarantine_is_seen(objects: int) -> None:
    """The machine stops asking."""
    progress = until_done(Quarantine(objects), FakeBucket())
    assert (progress.moved.is_queue_empty, progress.moved.messages) == (True, objects)


def test_given_up_requests_ring_though_the_try_that_gave_them_up_died() -> None:
    """Their object has left: the next try does not meet it, and nobody would be told."""
    place = {"logGroup": "g", "logStream": "s", "requestId": "r", "extendedRequestId": None}
    detail = json.dumps({**place, "firstTimestamp": None})
    quarantine = Quarantine(0)
    kept = json.dumps({"logEvents": [{"timestamp": 1, "message": "(r) x", "detail": detail}]})
    quarantine.objects = {"quarantine/incomplete/2026-11-23/08/x.json": kept.encode()}
    quarantine.deaths = iter([(1, True)])

    class NoLines:
        def of(self, _: object) -> list[Mapping[str, Any]]:
            return []

    bucket, task = FakeBucket(), {"replayId": "r", "startedAt": WRITTEN_AT}
    task |= {"round": 1, "order": {"source": "quarantine", "filter": {"reason": ["incomplete"]}}}
    round_task = MoveTask.model_validate({**task, "seeAtMost": 1, "moveAtMost": 1})

    def attempt(name: str) -> MovedSoFar:
        quarantine.next_try()
        return Remetering(
            quarantine=cast("Any", quarantine),
            reading=SecondReading(Metering(), NoLines(), 0),
            manifests=Manifests(cast("Any", bucket), "b", "r"),
        ).run(round_task, name, lambda: True)

    with pytest.raises(Died):
        attempt("000001-a")
    assert attempt("000001-b").never_ended.total() == 1
