"""What following a request finds: the hops that it passed, or where it stopped and why."""

from dataclasses import dataclass


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
