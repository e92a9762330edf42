"""An equation comes in; its terms by the names that every form of the commands gives them leave."""

from collections.abc import Iterator

from functions.audit.equation import Equation, Term
from functions.operator.rows import Row

SERVED = "served"
TERM_COLUMNS = (SERVED, *(term.value for term in Term))


def equation_cells(equation: Equation) -> dict[str, object]:
    """In requests; what is excluded or quarantined is added up."""
    totals = equation.totals()
    return {SERVED: equation.served, **{term.value: times for term, times in totals.items()}}


def reason_rows(equation: Equation) -> Iterator[Row]:
    """Of the two terms that have reasons, the most frequent first."""
    for term, reasons in (
        (Term.EXCLUDED, equation.excluded),
        (Term.QUARANTINED, equation.quarantined),
    ):
        for reason, times in sorted(reasons.items(), key=lambda one: (-one[1], one[0])):
            yield {"term": term.value, "reason": reason, "requests": times}
