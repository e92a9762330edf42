"""What became of a sabotage: the end of a run of pytest comes in, a verdict leaves."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from tests.sabotage.sabotage import Sabotage
from tests.sabotage.tree import TESTS_FAILED, Ran


class Verdict(StrEnum):
    """Only a test that failed is a catch: what cannot even be imported needs no test."""

    CAUGHT = "caught"
    SURVIVED = "SURVIVED"
    BROKE = "BROKE THE RUN"  # no test of it ran: a collection error, a usage error
    TOO_SLOW = "TOO SLOW"


@dataclass(frozen=True, slots=True)
class Tried:
    """A sabotage that was tried."""

    sabotage: Sabotage
    ran: Ran

    @property
    def verdict(self) -> Verdict:
        if self.ran.status is None:
            return Verdict.TOO_SLOW
        if self.ran.status == 0:
            return Verdict.SURVIVED
        return Verdict.CAUGHT if self.ran.status == TESTS_FAILED else Verdict.BROKE

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self.sabotage), "verdict": self.verdict, "seconds": self.ran.seconds}

    def as_row(self) -> str:
        """One line of the table."""
        what, by = self.sabotage, " ".join(self.sabotage.caught_by)
        file = what.file.removeprefix("functions/")
        return f"{self.verdict:<13} {self.ran.seconds:5.1f} s  {what.name:<72} {file:<46} {by}"
