"""What is known of a request comes in; the one sentence that ends a trace leaves. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from functions.adapters.ledger import settled_once
from functions.operator.trace.ledger_hops import seconds_until_settled
from functions.usage.ledger_row import LedgerRow
from functions.usage.outcome import SetAsideClass

# A delivery of a log's lines is "usually less than three minutes" on its way (AWS, Subscriptions);
# a try that failed is made again after one and two minutes.
DELIVERED_SECONDS = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`unbilled` is why metering bills nothing of it, in words; empty where it bills, or where no
    line says anything. `waiting` is how many messages UsageQueue holds; None: nobody could say.
    `age_seconds`: since the request was made. `not_settled`: what today's configuration bills of
    it, and the ledger has no row of.
    """

    rows: Collection[LedgerRow] = ()
    is_billable: bool = False
    unbilled: str = ""
    letters: Collection[Mapping[str, object]] = ()
    quarantined: Collection[Mapping[str, object]] = ()
    waiting: int | None = None
    age_seconds: float | None = None
    not_told: Collection[str] = ()
    not_settled: Collection[str] = ()


def verdict(known: Known) -> str:
    """The ledger's word first; then what holds it; then what metering says of the line."""
    settled = list(settled_once(known.rows).values())
    if settled:
        rest = [f"not in the ledger: {', '.join(known.not_settled)}"] if known.not_settled else []
        return "; ".join([_settled(settled), *rest])
    if "ledger" in known.not_told:  # what others say may be older than the bill
        return _not_known(known)
    return _without_a_row(known)


def _without_a_row(known: Known) -> str:
    if known.letters:
        why = ", ".join(f"{one.get('class')}: {one.get('reason')}" for one in known.letters)
        return f"not billed yet: set aside in UsageDeadLetterQueue ({why})"
    kept = [one for one in known.quarantined if not one.get("leftBy")]
    if kept:
        reasons = ", ".join(dict.fromkeys(str(one.get("reason")) for one in kept))
        return f"not billed: quarantined ({reasons}); mend its cause, then replay the quarantine"
    if known.unbilled:
        return f"not billed: {known.unbilled}"
    if known.not_told:
        return _not_known(known)
    return _nowhere(known) if known.is_billable else "not known: nothing holds it"


def _not_known(known: Known) -> str:
    return f"not known: {', '.join(known.not_told)} could not be asked"


def _settled(settled: Collection[LedgerRow]) -> str:
    by_outcome: dict[str, list[LedgerRow]] = {"confirmed": [], "set_aside": []}
    for row in settled:
        by_outcome[row["outcome"]].append(row)
    parts = []
    if confirmed := by_outcome["confirmed"]:
        parts.append(_billed(confirmed))
    if aside := by_outcome["set_aside"]:
        parts.append(_set_aside(aside))
    return "; ".join(parts)


def _billed(rows: Collection[LedgerRow]) -> str:
    last = max(rows, key=lambda row: row["settledAt"])
    when = f"{last['settledAt'][11:19]}Z ({seconds_until_settled(last):.1f} s after the request)"
    doubt = "" if all(row["verified"] for row in rows) else "; Aforo did not say what it took"
    # One request has one key for each meter.
    times = max(Counter((row["customerId"], row["meter"]) for row in rows).values())
    often = "once" if times == 1 else f"{times} times"
    return f"billed {often} to {_customers(rows)}: {_amounts(rows)}, confirmed {when}{doubt}"


def _set_aside(rows: Collection[LedgerRow]) -> str:
    whys = dict.fromkeys(f"{row.get('setAsideClass')}: {row.get('reason')}" for row in rows)
    cures = dict.fromkeys(_cure(row.get("setAsideClass", "")) for row in rows)
    doubt = any("maybeBilledSince" in row for row in rows)
    head = "maybe billed" if doubt else "not billed"
    told = f"{_amounts(rows)} of {_customers(rows)} set aside as {', '.join(whys)}"
    return f"{head}: {told}. {'. '.join(one for one in cures if one)}".rstrip(". ")


def _cure(name: str) -> str:
    try:
        return SetAsideClass(name).meaning.operator_does
    except ValueError:  # a newer forwarder's
        return ""


def _nowhere(known: Known) -> str:
    if known.waiting is None:
        return "not known: UsageQueue could not be asked"
    if known.waiting:
        return (
            "not billed yet: nothing else knows it, and UsageQueue holds"
            f" {known.waiting} messages, of which one may be its own"
        )
    if known.age_seconds is not None and known.age_seconds < DELIVERED_SECONDS:
        return (
            f"not billed yet: it was made {known.age_seconds:.0f} s ago, and CloudWatch delivers"
            " lines usually within three minutes"
        )
    return (
        "not billed: billable, and neither in the ledger nor in the quarantine nor in a queue that"
        " can be seen; the audit meters again what is missing"
    )


def _customers(rows: Iterable[LedgerRow]) -> str:
    return ", ".join(dict.fromkeys(row["customerId"] for row in rows))


def _amounts(rows: Iterable[LedgerRow]) -> str:
    return ", ".join(f"{row['quantity']} {row['meter']}" for row in rows)
