"""What following a request finds: the hops that it passed, or where it stopped and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Hop:
    """A hop that was passed, `seconds` after the request was answered by the gateway."""

    name: str
    seconds: float
    detail: str


class Stopped(Exception):  # noqa: N818 - it is an ending, not an error of this program
    """The request did not get past `hop`."""

    def __init__(self, hop: str, reason: str, check: str) -> None:
        super().__init__(reason)
        self.hop = hop
        self.reason = reason
        self.check = check


class NotSeen(Stopped):
    """Nothing says that it ever will: the time is over."""


def _nothing(_text: str) -> None:
    """Nobody listens."""


class Telling(NamedTuple):
    """How a person learns of what happens between two hops: at once, and as what is waited for."""

    say: Callable[[str], None] = _nothing
    doing: Callable[[str], None] = _nothing


SILENT = Telling()
