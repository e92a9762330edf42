"""What the ledger has of a request beside what today's configuration makes of its line. Pure."""

from collections.abc import Collection, Iterable, Iterator

from functions.adapters.ledger import settled_once
from functions.usage.event import UsageEvent, meter_of
from functions.usage.ledger_row import LedgerRow


def differences(
    rows: Iterable[LedgerRow], events: Collection[UsageEvent], outcome: str
) -> Iterator[str]:
    """A sentence for each event that differs; none while the ledger has nothing of the request.
    `outcome` is what metering makes of it today, in a word.
    """
    settled = settled_once(rows)
    made = {event["idempotencyKey"]: event for event in events}
    if not settled:
        return
    for key, row in settled.items():
        event = made.get(key)
        told = f"the ledger has {_of_row(row)} ({row['outcome']})"
        if event is None:
            today = _all_of(events) if events else f"nothing ({outcome})"
            yield f"{told}; today's configuration makes of the line {today}"
        elif _facts_of_row(row) != _facts(event):
            yield f"{told}; today's configuration makes of the line {_of_event(event)}"
    for key, event in made.items():
        if key not in settled:
            yield f"today's configuration makes {_of_event(event)}, which the ledger has not"


def _facts_of_row(row: LedgerRow) -> tuple[object, ...]:
    return row["customerId"], row["meter"], row["quantity"], row["occurredAt"]


def _facts(event: UsageEvent) -> tuple[object, ...]:
    return event["customerId"], meter_of(event), event["quantity"], event["occurredAt"]


def _of_row(row: LedgerRow) -> str:
    return f"{row['quantity']} {row['meter']} for {row['customerId']} at {row['occurredAt']}"


def _of_event(event: UsageEvent) -> str:
    when = event["occurredAt"]
    return f"{event['quantity']} {meter_of(event)} for {event['customerId']} at {when}"


def _all_of(events: Iterable[UsageEvent]) -> str:
    return ", ".join(map(_of_event, events))
