"""The JSON text of one event with gaps: a request and a meter come in, a `Mould` leaves.

It is made of the event that `billing` builds, with marks for the values that differ from request to
request, so there is one description of an event. A mould that would not cast truly is not given.
"""

import re
from operator import itemgetter
from typing import Any, cast

from functions.metering.billing.decide import identity_of
from functions.metering.billing.measuring import labels_of
from functions.metering.billing.request_event import Measure, event_of
from functions.metering.configuration.meter import Meter
from functions.metering.request import Request
from functions.usage.event import RequestIdentity, UsageEvent, key_of
from functions.usage.message import event_text
from functions.usage.moment import iso_from_epoch_ms

# The values of the request that a mould is made of: no plain line holds a control character.
_SAMPLE_MS = 0
_MARKED: dict[str, Any] = {
    "extended_request_id": "\x01",
    "request_id": "\x02",
    "time_ms": _SAMPLE_MS,
    "response_bytes": "\x03",
    "latency_ms": "\x04",
    "traceparent": "\x05",
}
_PROBE: dict[str, Any] = {
    "extended_request_id": "extended",
    "request_id": "id",
    "time_ms": 1,
    "response_bytes": 2,
    "latency_ms": 3,
    "traceparent": "trace",
}
_MARKED_CUSTOMER = "\x06"
_MARKED_QUANTITY = "\x07"
_PROBE_QUANTITY = 4
# How they read in the JSON text, in the order in which `Mould.cast` takes what replaces them. The
# last four lose their quotes with the mark: three are numbers, and the traceparent may be null.
_MARKS = (
    r"\u0006",
    iso_from_epoch_ms(_SAMPLE_MS),
    r"\u0001",
    r"\u0002",
    r'"\u0003"',
    r'"\u0004"',
    r'"\u0005"',
    r'"\u0007"',
)


class Mould:
    """The events of one shape and meter."""

    def __init__(self, event: str, key: str, canonical: str) -> None:
        marks = (key, *_MARKS)
        parts = re.split(f"({'|'.join(map(re.escape, marks))})", event)
        self._pieces = tuple(parts[::2])
        # Where each part stands in the values followed by the pieces; they take turns.
        places = [
            marks.index(part) if number % 2 else len(marks) + number // 2
            for number, part in enumerate(parts)
        ]
        self._in_turn = itemgetter(*places)
        self._before, self._after = canonical.split(r"\u0001")

    def cast(self, extended_request_id: str, values: tuple[str, ...]) -> str:
        """One event's text. `values` stand in the order of `_MARKS`."""
        canonical = f"{self._before}{extended_request_id}{self._after}"
        key = key_of(canonical.encode())
        return "".join(self._in_turn((key, *values, *self._pieces)))


def mould_of(request: Request, meter: Meter) -> Mould | None:
    """The mould of the events that `meter` makes of requests like this one; None where there is
    none.
    """
    if not meter.is_even:
        return None
    # Marks stand in for numbers: what is built of them is a text with gaps, never an event.
    marked = request._replace(**_MARKED)
    identity = identity_of(marked)
    if identity is None:
        return None
    event = _event(marked, identity, _MARKED_CUSTOMER, meter, _MARKED_QUANTITY)
    canonical = identity.canonical(meter.id).decode()
    mould = Mould(event_text(event), event["idempotencyKey"], canonical)
    return mould if _casts_truly(mould, request, meter) else None


def _casts_truly(mould: Mould, request: Request, meter: Meter) -> bool:
    """Some name in the configuration or the log may itself read like a mark: no mould, then."""
    probe = request._replace(**_PROBE)
    identity = identity_of(probe)
    if identity is None:
        return False
    values = ("customer", iso_from_epoch_ms(1), "extended", "id", "2", "3", '"trace"', "4")
    expected = event_text(_event(probe, identity, "customer", meter, _PROBE_QUANTITY))
    return mould.cast("extended", values) == expected


def _event(
    request: Request, identity: RequestIdentity, customer: str, meter: Meter, context: object
) -> UsageEvent:
    """`context` is the quantity of a meter that takes it from the line."""
    counted = request.response_bytes if meter.counts_bytes else 1
    quantity = counted if meter.quantity_key is None else context
    measure = Measure(cast("int", quantity), metadata=labels_of(request, meter))
    return event_of(request, identity, customer, meter, measure)
