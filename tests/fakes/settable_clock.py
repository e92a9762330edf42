"""A clock that only the test moves."""

from dataclasses import dataclass


@dataclass
class SettableClock:
    """Epoch seconds."""

    now: float = 1_796_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
