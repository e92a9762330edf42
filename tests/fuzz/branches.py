"""Inputs come in; the few that together take every branch of the product that all of them take
leave. By the interpreter's own events, so that the choice needs nothing but Python.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType

from tests.local.endpoints import ROOT

_OURS = str(ROOT / "functions") + "/"
_TOOL = 4  # of the numbers that no profiler or debugger of Python's own takes

type Branch = tuple[str, int, int, int]  # file, first line of the function, from, to


def branches_of(check: Callable[[bytes], object], data: bytes) -> frozenset[Branch]:
    """The branches of functions/ that one input takes."""
    with _seen() as found:
        check(data)
    return frozenset(found)


def fewest(check: Callable[[bytes], object], inputs: Iterable[bytes], most: int) -> list[bytes]:
    """The shorter first, each that takes a branch which none before it took."""
    known: set[Branch] = set()
    chosen: list[bytes] = []
    for data in sorted(set(inputs), key=lambda one: (len(one), one)):
        found = branches_of(check, data)
        if not found <= known and len(chosen) < most:
            known |= found
            chosen.append(data)
    return chosen


@contextmanager
def _seen() -> Iterator[set[Branch]]:
    found: set[Branch] = set()

    def taken(code: CodeType, here: int, there: int) -> object:
        if not code.co_filename.startswith(_OURS):
            return sys.monitoring.DISABLE
        found.add((code.co_filename, code.co_firstlineno, here, there))
        return None

    event = sys.monitoring.events.BRANCH
    sys.monitoring.use_tool_id(_TOOL, Path(__file__).stem)
    sys.monitoring.register_callback(_TOOL, event, taken)
    sys.monitoring.set_events(_TOOL, event)
    try:
        yield found
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.register_callback(_TOOL, event, None)
        sys.monitoring.free_tool_id(_TOOL)
