"""The engine: the same seed gives the same run; processes take turns; the dead do nothing more."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.engine.machine_clock import MachineClock
from tests.simulation.engine.process import Died, Process, Raised
from tests.simulation.engine.seam import Client, Crossing, Mishap, Seams
from tests.simulation.engine.shrinking import shrink, shrink_number
from tests.simulation.engine.world import World

BEGUN = 1_791_014_400.0


@pytest.fixture
def world() -> Iterator[World]:
    """A world at its beginning."""
    with MachineClock(BEGUN) as clock:
        yield World(7, BEGUN, clock)


class Shelf:
    """A place that keeps what is put."""

    name = "shelf"
    latency = (0.01, 0.02)

    def __init__(self) -> None:
        self.kept: list[str] = []

    def put(self, what: str) -> int:
        self.kept.append(what)
        return len(self.kept)

    def refused(self, operation: str) -> Exception:
        return OSError(operation)

    def lost(self, operation: str) -> Exception:
        return TimeoutError(operation)


class OneMishap:
    """The n-th call goes wrong."""

    def __init__(self, number: int, mishap: Mishap) -> None:
        self._number, self._mishap = number, mishap

    def at(self, crossing: Crossing) -> Mishap | None:
        return self._mishap if crossing.number == self._number else None


def test_each_process_reads_its_own_clock(world: World) -> None:
    """True time and its skew, by every clock that code asks."""
    read: list[object] = []

    def work() -> None:
        process = world_process
        for _ in range(2):
            read.append((time.time(), datetime.now(UTC).timestamp(), time.monotonic()))
            process.sleep(10)

    world_process = Process(world, "metering", "metering-1", skew=5)
    world.after(1, lambda: world_process.invoke(work, 60, read.append))
    world.every(3, lambda: None, first=0)
    world.run(BEGUN + 60)
    assert read == [(BEGUN + 6,) * 3, (BEGUN + 16,) * 3, None]


def test_others_go_on_while_a_process_pauses(world: World) -> None:
    """Two processes take turns at their calls."""
    order: list[object] = []

    def work(name: str) -> None:
        for _ in range(3):
            order.append(name)
            processes[name].sleep(2)

    processes = {name: Process(world, "stop", name) for name in "ab"}
    processes["a"].invoke(lambda: work("a"), 60, lambda _: order.append("a over"))
    world.after(1, lambda: processes["b"].invoke(lambda: work("b"), 60, order.append))
    world.run(BEGUN + 5.5)
    assert order == ["a", "b", "a", "b", "a", "b"]


@pytest.mark.parametrize(
    ("mishap", "kept", "ends"),
    [
        (Mishap.DIES_BEFORE, ["1"], Died),
        (Mishap.DIES_AFTER, ["1", "2"], Died),
        (Mishap.REFUSED, ["1"], Raised),
        (Mishap.ANSWER_LOST, ["1", "2"], Raised),
        (Mishap.SLOW, ["1", "2", "3"], int),
    ],
)
def test_a_call_goes_wrong_in_one_way(
    world: World, mishap: Mishap, kept: list[str], ends: type
) -> None:
    """Before or after its effect, with the process or without."""
    shelf = Shelf()
    answers: list[object] = []
    seams = Seams(world, OneMishap(1, mishap))
    client = Client(shelf, shelf, seams, ())
    process = Process(world, "stop", "a")

    def work() -> object:
        return [client.put(word) for word in "123"][-1]

    process.invoke(work, 100, answers.append)
    world.run(BEGUN + 200)
    assert shelf.kept == kept
    assert isinstance(answers[0], ends)
    assert process.is_alive == (ends is not Died)
    assert seams.happened[("stop", "shelf", mishap)] == 1


def test_a_function_that_is_out_of_time_ends_at_its_next_call(world: World) -> None:
    """What it would have done afterwards is not done, at the time that Lambda gives it."""
    shelf = Shelf()
    answers: list[object] = []
    client = Client(shelf, shelf, Seams(world, OneMishap(1, Mishap.SLOW)), ())
    process = Process(world, "stop", "a")
    ended: list[float] = []

    def work() -> None:
        client.put("1")
        client.put("2")

    def done(answer: object) -> None:
        answers.append(answer)
        ended.append(world.now)

    process.invoke(work, 1, done)
    world.run(BEGUN + 60)
    assert shelf.kept == ["1"]
    assert answers == [Died("TimedOut")]
    assert ended == [BEGUN + 1]


def test_a_process_that_is_killed_from_outside_does_nothing_more(world: World) -> None:
    """It dies while it waits."""
    shelf = Shelf()
    process = Process(world, "stop", "a")
    client = Client(shelf, shelf, Seams(world, OneMishap(-1, Mishap.SLOW)), ())
    answers: list[object] = []
    process.invoke(lambda: client.put("1"), 60, answers.append)
    process.kill("by a person")
    world.run(BEGUN + 1)
    assert shelf.kept == []
    assert answers == [Died("Killed")]


def test_what_fails_in_a_process_or_a_watcher_ends_the_run(world: World) -> None:
    """And tells why."""

    def watch() -> None:
        if world.now > BEGUN + 3:
            raise AssertionError("too late")

    world.watchers.append(watch)
    world.every(1, lambda: None, first=0)
    with pytest.raises(AssertionError, match="too late"):
        world.run(BEGUN + 60)
    assert world.now == BEGUN + 4


@given(st.integers(), st.text(max_size=5))
def test_a_purpose_draws_the_same_whatever_others_draw(seed: int, of: str) -> None:
    """Streams of chance do not depend on each other."""
    with MachineClock(BEGUN) as clock:
        one, other = World(seed, BEGUN, clock), World(seed, BEGUN, clock)
    other.chance(of + "?").random()
    assert one.chance(of).random() == other.chance(of).random()


@given(st.lists(st.integers(0, 50), unique=True, min_size=1, max_size=40), st.randoms())
def test_what_is_not_needed_is_left_out(parts: list[int], rng: random.Random) -> None:
    """The fewest parts with which it still fails, in their order."""
    needed = set(rng.sample(parts, rng.randint(0, min(3, len(parts)))))

    def fails(some: Sequence[int]) -> bool:
        return needed <= set(some)

    assert shrink(parts, fails) == [one for one in parts if one in needed]


@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_a_number_gets_small(number: int, least: int) -> None:
    """Within a fifth of the least with which it fails."""
    number = max(number, least)
    assert least <= shrink_number(number, 1, lambda n: n >= least) <= max(least * 1.2, least + 1)
