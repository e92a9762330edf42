"""Settled events come in; the ledger's rows leave, and from them what the counters count. Pure."""

from collections.abc import Container, Iterable
from typing import ReadOnly, TypedDict

from functions.forwarder.forwarded import Forwarded, Stamp
from functions.forwarder.inbox import Received
from functions.usage.event import UsageEvent, meter_of
from functions.usage.ledger_row import LedgerRow, settled_usage
from functions.usage.message import SettledUsage
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Confirmed, SetAside


def settled_rows(
    forwarded: Iterable[Forwarded], not_set_aside: Container[str], stamp: Stamp
) -> list[LedgerRow]:
    """One row per key and replay: a key that came in two messages is settled once for both.

    What could not be set aside (message ids in `not_set_aside`) is not said to be.
    """
    rows: dict[tuple[str, str | None], LedgerRow] = {}
    for one in forwarded:
        hops = _hops(one.received, stamp)
        replay_id = one.received.message.get("replayId")
        for event, outcome in one.settled():
            if isinstance(outcome, SetAside) and one.message_id in not_set_aside:
                continue
            place = event["idempotencyKey"], replay_id
            row = _row(hops, event, outcome, replay_id)
            rows[place] = _more_doubtful(rows[place], row) if place in rows else row
    return list(rows.values())


def counted_once(rows: Iterable[LedgerRow]) -> list[SettledUsage]:
    """What the quota counts: every settled key once, set aside or confirmed (architecture.md 2)."""
    return list({row["key"]: settled_usage(row) for row in rows}.values())


def _more_doubtful(known: LedgerRow, other: LedgerRow) -> LedgerRow:
    """`known`, doubtful since the earlier of both: the other's message may be replayed alone."""
    since = other.get("maybeBilledSince")
    if since is None or known["outcome"] == "confirmed":
        return known
    return {**known, "maybeBilledSince": min(since, known.get("maybeBilledSince", since))}


class _Hops(TypedDict):
    """When the events of one message were where."""

    meteredAt: ReadOnly[str]
    queuedAt: ReadOnly[str]
    settledAt: ReadOnly[str]


def _hops(received: Received, stamp: Stamp) -> _Hops:
    return {
        "meteredAt": received.message["meteredAt"],
        "queuedAt": iso_from_epoch_ms(received.envelope.sent_at_ms),
        "settledAt": stamp.settled_at,
    }


def _row(
    hops: _Hops, event: UsageEvent, outcome: Confirmed | SetAside, replay_id: str | None
) -> LedgerRow:
    row: LedgerRow = {
        "key": event["idempotencyKey"],
        "customerId": event["customerId"],
        "meter": meter_of(event),
        "quantity": event["quantity"],
        "occurredAt": event["occurredAt"],
        "outcome": "set_aside" if isinstance(outcome, SetAside) else "confirmed",
        "verified": isinstance(outcome, Confirmed) and outcome.verified,
        "meteredAt": hops["meteredAt"],
        "queuedAt": hops["queuedAt"],
        "settledAt": hops["settledAt"],
    }
    if isinstance(outcome, SetAside):
        row = {**row, "setAsideClass": outcome.set_aside_class.value, "reason": outcome.reason}
        if (since_ms := outcome.maybe_billed_since_ms) is not None:
            row = {**row, "maybeBilledSince": iso_from_epoch_ms(since_ms)}
    if replay_id:
        row = {**row, "replayId": replay_id}
    return row
