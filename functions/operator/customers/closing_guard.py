"""Whether a file that is meant to be all there is looks like half of one. Pure.

A truncated export, or one customer group's file, closes everybody else; `--yes` stands in a
pipeline for every day.
"""

from collections.abc import Iterable

from functions.operator.customers.known_customers import KnownCustomers
from functions.operator.customers.stated_change import StatedChange
from functions.usage.quota import Status

# Fewer are read one by one in the plan; of more customers than a tenth nobody loses in a day.
CLOSED_WITHOUT_A_WORD = 10
_TENTH = 10


def closed_too_many(
    changes: Iterable[StatedChange], known: KnownCustomers, at_most: int | None
) -> str:
    """Why nothing is sent; empty: it may be. `at_most` is what the person says, if anything."""
    closed = len({one.customer_id for one in changes if one.kind == "close"})
    open_ones = sum(one.standing is not Status.CLOSED for one in known.values())
    usual = max(CLOSED_WITHOUT_A_WORD, open_ones // _TENTH)
    if closed <= (usual if at_most is None else at_most):
        return ""
    return (
        f"{closed:,} of {open_ones:,} customers would be closed: is the file whole? If it is meant,"
        f" give --close-at-most {closed}"
    )
