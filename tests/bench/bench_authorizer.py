"""What a decision takes beside a bare round trip, redis-py's GET and a handler without libraries;
of one process and of four at once, pinned to one CPU and not; and with Redis hung and dead:
`python -m tests.bench.bench_authorizer`.

Wall time of a call and CPU of its process. In a round every case is called so many times by every
process, all at the same time. Pinned means that the server and all clients share one CPU.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.alone import run_alone
from tests.bench.deciding import DECISION, RAW, Call, Unanswered, calls, deciding
from tests.bench.figure import Figure, Spread, figures_of
from tests.bench.provisioned import API_KEY, ISSUER, credential_event, provision
from tests.bench.rounds import Round, Scale
from tests.local.valkey import Valkey, start_valkey

STAGE, WITHOUT = "authorizer", "authorizer without Redis"
LATE_STAGE = "decisions made without an answer of Redis"
ROUNDS, CALLS, PROCESSES = 7, 1_000, 4
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


class Called(NamedTuple):
    """A case in one round: the nanoseconds of each call, the CPU of all of them, and how many
    decisions were made without Redis, because it took too long.
    """

    each: list[int]
    cpu_ns: int
    without_redis: int


type Taken = Mapping[str, Called]


class Crowd(NamedTuple):
    """Who calls at the same time, and where."""

    processes: int
    is_pinned: bool

    def __str__(self) -> str:
        who = "1 process" if self.processes == 1 else f"{self.processes} processes"
        return f"{STAGE}, {who}, {'one CPU' if self.is_pinned else 'not pinned'}"


def crowds() -> list[Crowd]:
    return [Crowd(n, is_pinned=pinned) for n in (1, PROCESSES) for pinned in (True, False)]


def figures(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as directory, start_valkey(Path(directory)) as valkey:
        provision(valkey.url)
        for crowd in crowds()[:1] if scale.is_small else crowds():
            yield from _of_crowd(valkey, crowd, scale)
        yield from _without_redis(valkey)


def _of_crowd(valkey: Valkey, crowd: Crowd, scale: Scale) -> Iterator[Figure]:
    rounds = _called(valkey, crowd, scale)
    for share, part in SHARES.items():
        percentiles = [{case: _percentile(one[case].each, part) for case in one} for one in rounds]
        yield from _figures(crowd, f"us, {share}", percentiles)
    cpu = [
        {case: called.cpu_ns / len(called.each) / 1000 for case, called in one.items()}
        for one in rounds
    ]
    yield from _figures(crowd, "us of CPU", cpu)
    late = Spread.exactly(1e6 * _late(rounds))
    yield Figure(LATE_STAGE, str(crowd), crowd.processes, "of a million", late)


def _late(rounds: Sequence[Taken]) -> float:
    """The share of decisions that were made without an answer of Redis."""
    decisions = [one[case] for one in rounds for case in one if case.startswith(DECISION)]
    return sum(one.without_redis for one in decisions) / sum(len(one.each) for one in decisions)


def _figures(crowd: Crowd, unit: str, rounds: Sequence[Round]) -> Iterator[Figure]:
    for one in figures_of(STAGE, crowd.processes, unit, rounds, RAW):
        yield one._replace(stage=str(crowd))


def _percentile(taken: Sequence[int], part: float) -> float:
    return sorted(taken)[int(len(taken) * part)] / 1000


def _called(valkey: Valkey, crowd: Crowd, scale: Scale) -> list[Taken]:
    """Each round of all processes together."""
    cpus = {min(os.sched_getaffinity(0))} if crowd.is_pinned else os.sched_getaffinity(0)
    _pin(valkey.pid, cpus)
    rounds, times = scale.rounds(ROUNDS), scale.count(CALLS)
    context = get_context("spawn")
    together = context.Barrier(crowd.processes)
    running = []
    for _ in range(crowd.processes):
        reading, writing = context.Pipe(duplex=False)
        # Only the lonely one is asked with new tokens: signing them takes longer than all else.
        fresh = (rounds + 1) * times if crowd == Crowd(1, is_pinned=True) else 0
        tokens = [ISSUER.token(time.time(), jti=f"j{number}") for number in range(fresh + 1)]
        words = ((valkey.url, tokens, cpus), (rounds, times), together, writing)
        process = context.Process(target=_calling, args=words, daemon=True)
        process.start()
        writing.close()  # so that who dies is missed
        running.append((process, reading))
    found = [reading.recv() for _, reading in running]
    for process, _ in running:
        process.join()
    _pin(valkey.pid, os.sched_getaffinity(0))
    return [_merged(ones) for ones in zip(*found, strict=True)]


def _calling(
    asked: tuple[str, Sequence[str], set[int]],
    how_often: tuple[int, int],
    together: Barrier,
    answer: Connection,
) -> None:
    """One of the processes: a round that counts for nothing, then the rounds."""
    (redis_url, tokens, cpus), (rounds, times) = asked, how_often
    os.sched_setaffinity(0, cpus)
    with calls(redis_url, tokens) as (cases, unanswered):
        found = []
        for _ in range(rounds + 1):
            taken = {}
            for name, call in cases.items():
                together.wait()
                before = unanswered.decisions
                each, cpu_ns = _timed(call, times)
                taken[name] = Called(each, cpu_ns, unanswered.decisions - before)
            found.append(taken)
    answer.send(found[1:])


def _timed(call: Call, times: int) -> tuple[list[int], int]:
    each, begun = [], time.process_time_ns()
    for _ in range(times):
        start = time.perf_counter_ns()
        call()
        each.append(time.perf_counter_ns() - start)
    return each, time.process_time_ns() - begun


def _merged(ones: Sequence[Taken]) -> Taken:
    return {
        case: Called(
            [ns for one in ones for ns in one[case].each],
            sum(one[case].cpu_ns for one in ones),
            sum(one[case].without_redis for one in ones),
        )
        for case in ones[0]
    }


def _pin(pid: int, cpus: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cpus)


def _without_redis(valkey: Valkey) -> Iterator[Figure]:
    event = credential_event(API_KEY)
    with deciding(valkey.url, Unanswered()) as decide:
        decide(event)
        valkey.freeze()
        yield from _told("hung", [_milliseconds(decide, event) for _ in range(4)])
        valkey.thaw()
        time.sleep(1.1)  # the breaker's pause
        decide(event)
        valkey.kill()
        yield from _told("dead", [_milliseconds(decide, event) for _ in range(4)])


def _told(how: str, taken: Sequence[float]) -> Iterator[Figure]:
    for number, value in enumerate(taken, 1):
        yield Figure(WITHOUT, f"{how}: decision {number}", number, "ms", Spread.exactly(value))


def _milliseconds(decide: Any, event: bytes) -> float:
    began = time.perf_counter()
    decide(event)
    return (time.perf_counter() - began) * 1e3


if __name__ == "__main__":
    run_alone(figures, __doc__)
