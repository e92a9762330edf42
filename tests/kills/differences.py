"""What had to become of each request, and what every witness says, come in; each difference leaves
as a line that names the keys and where they were last seen. Empty: the promise held. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.audit.equation import Equation

NAMED = 20  # keys in a line; who needs all of them has the folder's files


@dataclass(frozen=True, slots=True)
class Found:
    """Of the end. `book` and `ledger` are of the meter of requests."""

    book: Sequence[tuple[str, str]]  # key and who paid, in the order accepted
    ledger: Mapping[str, tuple[str, str]]  # key: outcome and customer
    used: Mapping[str, int | None]  # by customer, as the counters say; None: UNKNOWN
    left: Mapping[str, int]  # what still lies in a queue or in the quarantine, by place
    equation: Equation  # the audit's, of all sources
    lines: int  # that were put into the log


def differences(billable: Mapping[str, str], found: Found) -> list[str]:
    """`billable`: who is to pay for each key."""
    booked = Counter(key for key, _ in found.book)
    confirmed = {key for key, (outcome, _) in found.ledger.items() if outcome == "confirmed"}
    wrong = {key for key, payer in found.book if key in billable and billable[key] != payer}
    wrong |= {key for key, (_, payer) in found.ledger.items() if billable.get(key, payer) != payer}
    keys = {
        "billable, and not in Aforo's book": billable.keys() - booked.keys(),
        "in Aforo's book twice": {key for key, times in booked.items() if times > 1},
        "in Aforo's book, and not billable": booked.keys() - billable.keys(),
        "of another payer": wrong,
        "in the book, and not confirmed in the ledger": booked.keys() - confirmed,
        "confirmed in the ledger, and not in the book": confirmed - booked.keys(),
        "set aside in the ledger": found.ledger.keys() - confirmed,
    }
    told = [_line(what, some, found) for what, some in keys.items() if some]
    told += _counters(found)
    told += [f"{number} left in {place}" for place, number in found.left.items() if number]
    return told + _audited(len(billable), found)


def _line(what: str, keys: Iterable[str], found: Found) -> str:
    some = sorted(keys)
    named = ", ".join(f"{key} ({_last_seen(key, found)})" for key in some[:NAMED])
    return f"{len(some)} keys {what}: {named}{' ...' if len(some) > NAMED else ''}"


def _last_seen(key: str, found: Found) -> str:
    if row := found.ledger.get(key):
        return f"ledger: {row[0]}, {row[1]}"
    payers = [payer for one, payer in found.book if one == key]
    return f"book: {', '.join(payers)}" if payers else "log"


def _counters(found: Found) -> list[str]:
    in_ledger = Counter(payer for _, payer in found.ledger.values())
    return [
        f"counter of {customer}: {used}, in the ledger {in_ledger[customer]}"
        for customer, used in found.used.items()
        if used != in_ledger[customer]
    ]


def _audited(billable: int, found: Found) -> list[str]:
    terms = found.equation
    expected = Equation(confirmed=billable, excluded=terms.excluded)
    if terms == expected and terms.served == found.lines:
        return []
    return [f"audit of {found.lines} lines, {billable} billable: {terms.as_json()}"]
