"""The verdicts on a part's mutants come in; a row of a table for each of its modules leaves."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from tests.mutation.mutants import Mutant
from tests.mutation.verdict import Verdict

HEAD = (
    f"{'module':<52}{'mutants':>8}{'killed':>8}{'survived':>9}{'no tests':>9}"
    f"{'timeout':>8}{'killed %':>9}"
)


@dataclass(frozen=True, slots=True)
class Score:
    """How often each verdict was given."""

    name: str
    counts: Counter[Verdict]

    @classmethod
    def of_modules(cls, mutants: Sequence[Mutant], verdicts: Sequence[Verdict]) -> list[Self]:
        """One a module, in the order of the mutants."""
        counts: dict[str, Counter[Verdict]] = {}
        for mutant, verdict in zip(mutants, verdicts, strict=True):
            counts.setdefault(mutant.module, Counter())[verdict] += 1
        return [cls(name, count) for name, count in counts.items()]

    @classmethod
    def sum_of(cls, name: str, scores: Iterable[Self]) -> Self:
        """All of them as one."""
        return cls(name, sum((one.counts for one in scores), Counter()))

    @property
    def mutants(self) -> int:
        return self.counts.total()

    @property
    def rate(self) -> float:
        """A test that no longer ends is a test that fails."""
        ended = self.counts[Verdict.KILLED] + self.counts[Verdict.TIMEOUT]
        return ended / self.mutants if self.mutants else 1.0

    def row(self) -> str:
        """As under `HEAD`."""
        given = [self.counts[one] for one in Verdict]
        killed, survived, no_tests, timeout = given
        return (
            f"{self.name:<52}{self.mutants:>8}{killed:>8}{survived:>9}{no_tests:>9}"
            f"{timeout:>8}{self.rate:>9.1%}"
        )
