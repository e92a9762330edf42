"""Explicit-state exploration: every state that a system can reach, each looked at once.

Successors of a state and what is wrong with one come in; the number of states, and the shortest way
to the first fault if there is one, leave. Breadth first, so that the way is the shortest.
"""

import gc
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Explored[State]:
    """`is_complete`: there are no other states. `way`: from the start to the fault."""

    states: int
    is_complete: bool
    fault: str = ""
    way: tuple[State, ...] = ()


def explore[State: Hashable](
    start: State,
    successors: Callable[[State], Iterable[State]],
    fault_of: Callable[[State], str],
    most: int = 10_000_000,
) -> Explored[State]:
    """All states from `start`, or those up to the first fault, or the first `most`."""
    # States have no cycles: looking for them among millions costs a quarter of the time.
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        return _explore(start, successors, fault_of, most)
    finally:
        if was_collecting:
            gc.enable()


def _explore[State: Hashable](
    start: State,
    successors: Callable[[State], Iterable[State]],
    fault_of: Callable[[State], str],
    most: int,
) -> Explored[State]:
    came_from: dict[State, State | None] = {start: None}
    waiting = deque([start])
    seen = 0
    while waiting and seen < most:
        state = waiting.popleft()
        seen += 1
        if fault := fault_of(state):
            return Explored(seen, is_complete=False, fault=fault, way=_way(came_from, state))
        for after in successors(state):
            if after not in came_from:
                came_from[after] = state
                waiting.append(after)
    return Explored(seen, is_complete=not waiting)


def _way[State](came_from: dict[State, State | None], state: State) -> tuple[State, ...]:
    way = [state]
    while (before := came_from[way[-1]]) is not None:
        way.append(before)
    return tuple(reversed(way))
