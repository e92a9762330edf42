"""Waiting for a condition, never for a time: a look comes in, what it found leaves."""

import time
from collections.abc import Callable

LOOK_EVERY_SECONDS = 0.02
# Nothing that is waited for takes a tenth of it; the rest is for two loaded cores.
PATIENCE_SECONDS = 60.0


def until[Found](
    look: Callable[[], Found | None],
    seconds: float = PATIENCE_SECONDS,
    *,
    every: float = LOOK_EVERY_SECONDS,
    what: Callable[[], object] | None = None,
) -> Found:
    """What is found, once something is: None, False and nothing at all are not. TimeoutError says
    `what` is there instead.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            name = getattr(look, "__qualname__", look)
            seen = what() if what else "nothing"
            raise TimeoutError(f"{name}: not within {seconds:g} s, there is {seen}")
        time.sleep(every)
    return found
