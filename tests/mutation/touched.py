"""The functions of some modules and a session's tests come in; which test runs which line leaves.

Lines are watched by `sys.monitoring` on the code of these modules alone, which costs next to
nothing, and each line once a test.
"""

import gc
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType

import pytest

TOOL = sys.monitoring.PROFILER_ID
LINE = sys.monitoring.events.LINE

type Line = tuple[str, int]


@dataclass(slots=True)
class Touched:
    """What a run of every test showed."""

    tests: dict[Line, list[int]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def by_lines(self, file: str, lines: range) -> list[int]:
        """The tests that run one of the lines, the quickest first."""
        found = {test for line in lines for test in self.tests.get((file, line), ())}
        return self.quickest_first(found)

    def by_file(self, file: str) -> list[int]:
        """The tests that run anything of a file; all, of one that holds nothing but a table."""
        found = {test for (name, _), tests in self.tests.items() if name == file for test in tests}
        return self.quickest_first(found or set(range(len(self.seconds))))

    def quickest_first(self, tests: set[int]) -> list[int]:
        return sorted(tests, key=lambda test: (self.seconds[test], test))


class AtImport:
    """Watches which lines of some files run before any test does: while they are imported."""

    def __init__(self, files: set[str]) -> None:
        self.lines: set[Line] = set()
        self._files = files

    def __enter__(self) -> None:
        sys.monitoring.use_tool_id(TOOL, "mutation")
        sys.monitoring.register_callback(TOOL, LINE, self._line)
        sys.monitoring.set_events(TOOL, LINE)

    def __exit__(self, *_: object) -> None:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)

    def _line(self, code: CodeType, line: int) -> object:
        if code.co_filename in self._files:
            self.lines.add((code.co_filename, line))
        return sys.monitoring.DISABLE


def functions_of(files: set[str]) -> dict[tuple[str, str, int], list[FunctionType]]:
    """Every function that stands in one of the files, by file, qualified name and first line."""
    found: dict[tuple[str, str, int], list[FunctionType]] = {}
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__code__.co_filename in files:
            code = one.__code__
            key = (code.co_filename, code.co_qualname, code.co_firstlineno)
            found.setdefault(key, []).append(one)
    return found


def all_codes(code: CodeType) -> Iterator[CodeType]:
    """A piece of code and every one inside it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from all_codes(inner)


def run_all(session: pytest.Session, files: set[str], failures: list[str]) -> Touched:
    """Run every test once. `failures` is filled by whoever hears the reports."""
    touched = Touched()
    functions = [one for same in functions_of(files).values() for one in same]
    lines: set[Line] = set()

    def line_of(code: CodeType, line: int) -> object:
        lines.add((code.co_filename, line))
        return sys.monitoring.DISABLE

    sys.monitoring.use_tool_id(TOOL, "mutation")
    sys.monitoring.register_callback(TOOL, LINE, line_of)
    for code in {code for one in functions for code in all_codes(one.__code__)}:
        sys.monitoring.set_local_events(TOOL, code, LINE)
    for place, item in enumerate(session.items):
        lines.clear()
        sys.monitoring.restart_events()
        begun = time.process_time()
        following = session.items[place + 1] if place + 1 < len(session.items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        touched.seconds.append(time.process_time() - begun)
        for line in lines:
            touched.tests.setdefault(line, []).append(place)
        if failures:
            break
    return touched


def file_of(root: Path, module: str) -> str:
    """How code names the file that it stands in."""
    return str(root / module)
