"""What stays resident after a delivery of 10,000 lines: `python -m tests.bench.bench_memory`.

The most that the process ever had, in MiB: of a fresh one that imports one handler and takes one
delivery after another, or of a peer. The reference is what it has with its first small delivery.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.alone import run_alone
from tests.bench.bench_walk import invocations
from tests.bench.deliveries import delivery
from tests.bench.far_end import far_end
from tests.bench.figure import Figure, Spread
from tests.bench.peers.peer import peers_at
from tests.bench.rounds import Scale
from tests.fakes.forwarding import now_ms

STAGE, UNIT = "resident memory", "MiB"
LINES = (10, 10_000)
ROUNDS = 3
# What it has had at most, after each line of events. Its resource usage would begin with ours.
_CHILD = """
import json, sys
from functions.{stop}.handler import handler
from tests.fakes.lambda_context import lambda_context
for line in open(sys.argv[1]):
    for event in json.loads(line):
        handler(event, lambda_context("bench"))
    found = [one.split()[1] for one in open("/proc/self/status") if one.startswith("VmHWM")]
    print(*found, file=sys.stderr)
"""


def figures(scale: Scale) -> Iterator[Figure]:
    sizes = (LINES[0], scale.count(LINES[1]))
    with far_end() as url:
        payloads = [delivery(lines, now_ms() - 60_000) for lines in sizes]
        given = {
            "metering": [[payload] for payload in payloads],
            "forwarder": [invocations([payload]) for payload in payloads],
        }
        for stop, events in given.items():
            rounds = [_peaks(stop, events) for _ in range(scale.rounds(ROUNDS))]
            yield from _told(stop, sizes, rounds)
        with peers_at(url) as peers:
            for name, peer in peers.items():
                peaks = []
                for payload, lines in zip(payloads, sizes, strict=True):
                    peer.cpu_us(payload, lines)()
                    peaks.append(_peak_of(peer.pid))
                yield from _told(name, sizes, [peaks])


def _told(case: str, sizes: tuple[int, int], rounds: list[list[float]]) -> Iterator[Figure]:
    for place, lines in enumerate(sizes):
        value = Spread.of([one[place] for one in rounds])
        ratio = Spread.of([one[place] / one[0] for one in rounds])
        yield Figure(STAGE, case, lines, UNIT, value, f"{sizes[0]} lines", ratio)


def _peaks(stop: str, events: list[list[dict[str, Any]]]) -> list[float]:
    with tempfile.NamedTemporaryFile("w") as file:
        file.writelines(f"{json.dumps(some)}\n" for some in events)
        file.flush()
        program = _CHILD.format(stop=stop)
        done = subprocess.run(
            [sys.executable, "-c", program, file.name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
    return [int(line) / 1024 for line in done.stderr.split()]


def _peak_of(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    run_alone(figures, __doc__)
