"""Changes -> what a person reads of them: the first ones, and how many of each kind."""

import sys
from collections import Counter
from collections.abc import Sequence

from functions.operator.customers.stated_change import COLUMNS_OF_CHANGES, StatedChange
from functions.operator.rows import RowFormat, write_rows

_SHOWN = 20
NOTHING = "nothing to change"


def tell_changes_of_customers(changes: Sequence[StatedChange], form: RowFormat) -> None:
    """As JSON lines or CSV all of them; as a table what needs a word first, then as many as fit."""
    if form != "table":
        write_rows(COLUMNS_OF_CHANGES, [change.row for change in changes], sys.stdout, form)
        return
    if not changes:
        print(NOTHING)
        return
    ordered = sorted(changes, key=lambda change: not change.danger)
    write_rows(COLUMNS_OF_CHANGES, [one.row for one in ordered[:_SHOWN]], sys.stdout, form)
    if len(changes) > _SHOWN:
        print(f"and {len(changes) - _SHOWN:,} more: --format json has all of them")
    kinds = Counter(change.kind for change in changes)
    customers = len({change.customer_id for change in changes})
    listed = ", ".join(f"{kind} {times:,}" for kind, times in sorted(kinds.items()))
    print(f"{len(changes):,} changes of {customers:,} customers: {listed}")


def tell_what_is_left(
    left: Sequence[StatedChange], sent: int, seconds: float, *, is_waiting: bool
) -> int:
    """The exit status: 0 where nothing is, 1 where something is."""
    if not is_waiting:
        print(f"sent {sent:,} commands: they are in force within seconds")
        return 0
    if not left:
        print(f"sent {sent:,} commands: all in force after {seconds:.1f} s")
        return 0
    names = ", ".join(f"{one.customer_id} {one.what}" for one in left[:5])
    sys.stderr.write(
        f"customers apply: sent {sent:,} commands; after {seconds:.0f} s {len(left):,} changes are"
        f" not in force ({names}{', ...' if len(left) > len(left[:5]) else ''}): they come with the"
        " queue, or stand in CounterDeadLetterQueue; applied again, they are sent again\n"
    )
    return 1
