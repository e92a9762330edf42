"""What an incident is: how it comes about, what a person sees of it, and what must not be left.

A cause changes the running local cloud as an accident does. `figure` waits until the system itself
shows it, and says the value that the alarm's metric would have.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.local.endpoints import Endpoints


def nothing_more(_: Endpoints) -> list[str]:
    """New calls are billed, and nothing waits: that says it all."""
    return []


@dataclass(frozen=True, slots=True)
class Incident:
    """`name` says no more than the alarm does; `alarm` is its logical id in the template."""

    name: str
    alarm: str
    cause: Callable[[Endpoints], None]
    figure: Callable[[Endpoints], float]
    left: Callable[[Endpoints], list[str]] = nothing_more
    left_settles: bool = False  # what is left of it may go by itself, in a moment
