"""Requests are counted, by term, customer and reason; equations leave. Pure."""

from collections import Counter
from collections.abc import Mapping

from functions.audit.equation import Equation, Term

NOBODY = ""  # who a request names that cannot be billed
_REASONED = (Term.EXCLUDED, Term.QUARANTINED)


class CustomerTerms:
    """Counts what it is told."""

    def __init__(self) -> None:
        self._times: dict[str, Counter[tuple[Term, str]]] = {}

    def add(self, term: Term, customer: str = NOBODY, reason: str = "", times: int = 1) -> None:
        """`times` more requests. Only what is excluded or quarantined has a reason."""
        if times:
            self._times.setdefault(customer, Counter())[term, reason] += times

    def add_excluded(self, excluded: Mapping[str, Mapping[str, int]]) -> None:
        """By reason and customer."""
        for reason, customers in excluded.items():
            for customer, times in customers.items():
                self.add(Term.EXCLUDED, customer, reason, times)

    def equations(self) -> dict[str, Equation]:
        """Of each customer, in the order of their names."""
        return {customer: _equation(self._times[customer]) for customer in sorted(self._times)}


def _equation(counted: Mapping[tuple[Term, str], int]) -> Equation:
    plain = {term.value: times for (term, _), times in counted.items() if term not in _REASONED}
    reasoned = {
        term.value: {reason: times for (one, reason), times in counted.items() if one == term}
        for term in _REASONED
    }
    return Equation.model_validate(plain | reasoned)
