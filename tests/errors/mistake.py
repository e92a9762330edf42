"""One thing that people get wrong, and what they have to be told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.errors.workplace import Workplace


class Seen(NamedTuple):
    """What somebody sees; the status is None where there is none, as in a function's log."""

    status: int | None
    text: str


type Act = Callable[[Workplace], Seen]

# What a message says of a value, as what to do.
_AS_ADVICE = {
    "must be ": "write ",
    "did you mean ": "write ",
    "expected ": "give ",
    "choose from: ": "give one of ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """`field`, `cause` and `step` stand in what is seen; `advice` is for the page where `step` says
    it too briefly.
    """

    did: str
    act: Act
    field: str
    cause: str
    step: str
    status: int | None = 2
    advice: str = ""

    @property
    def do(self) -> str:
        """What to do about it, as a sentence."""
        said = self.advice or self.step
        for begin, instead in _AS_ADVICE.items():
            if said.lower().startswith(begin):
                said = instead + said[len(begin) :].rstrip("?")
        return said if said.startswith("`") else said[0].upper() + said[1:]


class Topic(NamedTuple):
    """Mistakes of one kind, under one heading."""

    title: str
    prose: str
    mistakes: tuple[Mistake, ...]
