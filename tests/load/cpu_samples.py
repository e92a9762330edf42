"""The processor time of the processes of a local cloud, by who they are: Lambda workers by their
function, servers by their name. Linux alone says it (/proc); a process that ends between two looks
takes what it used since the last one with it.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.local.process_list import read_processes

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Of /proc/<pid>/stat behind the name in brackets: utime, stime and the start.
_UTIME, _STIME, _START = 11, 12, 19

type _Process = tuple[int, str]  # pid and when it began: pids are used again


@dataclass
class CpuSamples:
    """`functions`: physical names, and what each is called here."""

    directory: Path
    functions: Mapping[str, str]
    _seen: dict[_Process, tuple[str, float]] = field(default_factory=dict)
    _before: dict[str, float] = field(default_factory=dict)
    _workers_before: int = 0

    def begin(self) -> None:
        """What was used until now counts for nobody."""
        self.look()
        self._before = self._used()
        self._workers_before = len(self._seen)

    def look(self) -> None:
        for name, process, seconds in self._processes():
            self._seen[process] = name, seconds

    def seconds(self) -> dict[str, float]:
        """Since `begin`, by name."""
        since = {name: used - self._before.get(name, 0) for name, used in self._used().items()}
        return {name: seconds for name, seconds in since.items() if seconds > 0}

    def started(self) -> int:
        """Processes that began since `begin`: cold starts, whose imports are in their figures."""
        return len(self._seen) - self._workers_before

    def _used(self) -> dict[str, float]:
        total: defaultdict[str, float] = defaultdict(float)
        for name, seconds in self._seen.values():
            total[name] += seconds
        return total

    def _processes(self) -> Iterator[tuple[str, _Process, float]]:
        servers = {one.pid: one.name.rpartition(".")[2] for one in read_processes(self.directory)}
        servers[os.getpid()] = "the load itself"
        mark = f"{(self.directory / 'tmp').resolve()}/ministack-lambda-".encode()
        for entry in _PROC.iterdir():
            if not entry.name.isdigit():
                continue
            pid = int(entry.name)
            name = servers.get(pid) or self._function(entry, mark)
            if name and (read := _stat(entry)):
                yield name, (pid, read[0]), read[1]

    def _function(self, process: Path, mark: bytes) -> str | None:
        try:
            _, found, rest = (process / "cmdline").read_bytes().partition(mark)
        except OSError:
            return None
        if not found:
            return None
        word = rest.decode(errors="replace")
        for physical, name in self.functions.items():
            if word.startswith(f"{physical}-"):
                return name
        return "other functions"


def _stat(process: Path) -> tuple[str, float] | None:
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[_START], (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS
