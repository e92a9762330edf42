"""The counters' server of a run: real commands and scripts, simulated time, failovers, mishaps."""

from collections.abc import Iterator

import pytest
from redis.exceptions import ResponseError

from functions.authorizer.redis_link import LinkError
from functions.reconciliation.counters.redis_scripts import Call, Script, run_one
from functions.usage.errors import Retryable
from tests.simulation.counters.counters_client import CountersClient
from tests.simulation.counters.decision_link import DecisionLink, ProcessEnded
from tests.simulation.counters.simulated_valkey import SimulatedValkey
from tests.simulation.counters.valkey_socket import ValkeySocket
from tests.simulation.engine.machine_clock import MachineClock
from tests.simulation.engine.process import Process, Raised
from tests.simulation.engine.seam import Crossing, Mishap, Seams
from tests.simulation.engine.world import World

BEGUN = 1_791_014_400.0


class FirstCalls:
    """The first calls go wrong, each in its way."""

    def __init__(self) -> None:
        self.mishaps: list[Mishap] = []

    def at(self, crossing: Crossing) -> Mishap | None:
        return self.mishaps[crossing.number] if crossing.number < len(self.mishaps) else None


@pytest.fixture
def world() -> Iterator[World]:
    with MachineClock(BEGUN) as clock:
        yield World(7, BEGUN, clock)


@pytest.fixture
def valkey(counters_socket: ValkeySocket, world: World) -> SimulatedValkey:
    return SimulatedValkey(counters_socket, lambda: world.now)


@pytest.fixture
def first_calls() -> FirstCalls:
    return FirstCalls()


@pytest.fixture
def seams(world: World, first_calls: FirstCalls) -> Seams:
    return Seams(world, first_calls)


@pytest.fixture
def client(valkey: SimulatedValkey, seams: Seams) -> CountersClient:
    return CountersClient(valkey, seams)


def in_process(world: World, work: object) -> object:
    """What work says that a process does."""
    answers: list[object] = []
    assert callable(work)
    Process(world, "reconciliation", "reconciliation-1").invoke(work, 60, answers.append)
    world.run(world.now + 60)
    return answers[0]


def test_a_run_finds_an_empty_server(counters_socket: ValkeySocket, world: World) -> None:
    """Whatever the run before left there."""
    SimulatedValkey(counters_socket, lambda: world.now).do([("SET", "a", "1")])
    again = SimulatedValkey(counters_socket, lambda: world.now)
    assert again.look([("DBSIZE",)]) == [0]


def test_time_to_live_passes_by_the_simulated_clock(world: World, valkey: SimulatedValkey) -> None:
    """And begins anew when it is given anew."""
    valkey.do([("SET", "a", "1", "EX", 100), ("SET", "b", "1", "EX", 100), ("SET", "c", "1")])
    valkey.expire()
    world.run(BEGUN + 60)
    valkey.do([("EXPIRE", "b", 1000)])
    valkey.expire()
    world.run(BEGUN + 101)
    valkey.expire()
    assert valkey.look([("EXISTS", name) for name in "abc"]) == [0, 1, 1]
    world.run(BEGUN + 1061)
    valkey.expire()
    assert valkey.look([("EXISTS", name) for name in "abc"]) == [0, 0, 1]


def test_an_older_copy_holds_what_was_there_and_no_script(
    world: World, valkey: SimulatedValkey, client: CountersClient
) -> None:
    """Writes since are lost, times to live go on."""
    run_one(client, Call(Script.ADVANCE, ["w"], ["group", 1, "stall:"]))
    valkey.do([("SET", "soon", "1", "EX", 100), ("SET", "later", "1", "EX", 1000)])
    copy = valkey.copy()
    run_one(client, Call(Script.ADVANCE, ["w"], ["group", 2, "stall:"]))
    valkey.do([("SET", "new", "1")])
    world.run(BEGUN + 101)
    valkey.restore(copy)
    assert valkey.look([("HGETALL", "w"), ("EXISTS", "soon"), ("EXISTS", "new")]) == [
        ["group", "1"],
        0,
        0,
    ]
    assert run_one(client, Call(Script.ADVANCE, ["w"], ["group", 3, "stall:"])) == 1
    world.run(BEGUN + 1_001)
    valkey.expire()
    assert valkey.look([("EXISTS", "later")]) == [0]


def test_its_client_answers_as_the_real_one(client: CountersClient) -> None:
    """Texts, mappings, lists by score; an error where there is one."""
    client.hset("h", mapping={"a": 1, "b": 2})
    client.zadd("z", {"x": 2, "y": 1})
    assert client.hgetall("h") == {"a": "1", "b": "2"}
    assert client.hmget("h", ["a", "c"]) == ["1", None]
    assert client.zrangebyscore("z", "-inf", 5, start=0, num=1) == ["y"]
    pipeline = client.pipeline(transaction=False)
    pipeline.get("h")
    pipeline.hget("h", "b")
    wrong, right = pipeline.execute(raise_on_error=False)
    assert isinstance(wrong, ResponseError)
    assert right == "2"
    with pytest.raises(ResponseError):
        client.get("h")


def test_who_watches_hears_of_every_command(
    valkey: SimulatedValkey, client: CountersClient
) -> None:
    """With its reply, but not of what an observer asks."""
    heard: list[tuple[object, ...]] = []
    valkey.watchers.append(lambda command, reply: heard.append((*command, reply)))
    client.zadd("z", {"x": 2})
    valkey.look([("GET", "a")])
    assert heard == [("ZADD", "z", 2, "x", 1)]


@pytest.mark.parametrize("mishap", [Mishap.REFUSED, Mishap.ANSWER_LOST])
def test_a_call_is_made_once_more(
    world: World, client: CountersClient, first_calls: FirstCalls, mishap: Mishap
) -> None:
    """As redis-py does; twice is the end, for a script a Retryable."""
    first_calls.mishaps = [mishap, Mishap.SLOW, mishap, mishap]
    call = Call(Script.NOTE_PART, ["parts"], [1, 100])
    run_one(client, Call(Script.NOTE_PART, ["others"], [1, 100]))  # the server knows the script
    first = 1 if mishap is Mishap.REFUSED else 0
    assert in_process(world, lambda: run_one(client, call)) == first
    ended = in_process(world, lambda: run_one(client, call))
    assert isinstance(ended, Raised)
    assert isinstance(ended.error, Retryable)


def test_a_decision_hears_why_there_is_no_answer(
    world: World, valkey: SimulatedValkey, seams: Seams, first_calls: FirstCalls
) -> None:
    """In the link's words; an error among the last `forgiven` replies is none."""
    first_calls.mishaps = [Mishap.REFUSED, Mishap.ANSWER_LOST]
    link = DecisionLink(valkey, seams, Process(world, "authorizer", "authorizer-1"), 0.05)
    valkey.do([("SET", "text", "1")])
    for reason in ("unreachable", "timeout"):
        with pytest.raises(LinkError, match=reason):
            link.exchange([("GET", "text")], 0.0)
    assert link.exchange([("GET", "text")], 0.0) == ["1"]
    with pytest.raises(LinkError, match="redis_"):
        link.exchange([("HGETALL", "text")], 0.0)
    assert link.exchange([("GET", "text"), ("HGETALL", "text")], 0.0, forgiven=1) == ["1", None]


def test_a_process_that_dies_at_its_decision_is_no_more(
    world: World, valkey: SimulatedValkey, seams: Seams, first_calls: FirstCalls
) -> None:
    """Nothing answers in its place."""
    first_calls.mishaps = [Mishap.DIES_AFTER]
    process = Process(world, "authorizer", "authorizer-1")
    with pytest.raises(ProcessEnded):
        DecisionLink(valkey, seams, process, 0.05).exchange([("GET", "text")], 0.0)
    assert not process.is_alive
