"""Requests of both sides come in; those that only one of them bills, or not alike, leave.

The other side is held: some 400 bytes a request. Ours goes by.
"""

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from functions.metering.request import Request
from functions.operator.migration.likely_reason import (
    BILLED_TWICE,
    DIFFERS,
    METER_NOT_THERE,
    NOT_IN_LOG,
    REQUEST_ID_REUSED,
    WE_DO_NOT_BILL,
    likely_reason,
)
from functions.operator.migration.other_bill import OtherCharge
from functions.operator.migration.our_charges import OurCharge, OurRefusal
from functions.usage.moment import DAY_MS


class UnlikeRequest(NamedTuple):
    """One request and meter that is not billed alike. None: not said, or not billed."""

    side: Literal["theirs", "ours", "both"]
    reason: str
    customer: str
    meter: str
    time_ms: int | None
    theirs: Decimal | None
    ours: Decimal | None
    request_id: str
    extended_request_id: str
    detail: str = ""


@dataclass(slots=True)
class _Held:
    """One charge of the other side, and the next one under its id."""

    customer: str
    meter: str
    time_ms: int
    quantity: Decimal
    next: "_Held | None"
    is_paired: bool = False
    refusal: str = ""


class RequestPairs:
    """First every charge of the other side, then everything of ours, then the rest."""

    def __init__(self, meters: Collection[str]) -> None:
        self._meters = frozenset(meters)  # ours: a charge of none of them may be any
        self._held: dict[str, _Held] = {}
        self.both = 0  # billed alike

    @property
    def has_ids(self) -> bool:
        """Whether the other side names requests at all."""
        return bool(self._held)

    def hold(self, charge: OtherCharge, meter: str) -> UnlikeRequest | None:
        """What is wrong with it already."""
        name, customer = charge.request_id, sys.intern(charge.customer)
        if not name:
            return None
        first = self._held.get(name)
        if _of_meter(first, meter) is not None:
            return UnlikeRequest(
                "theirs",
                BILLED_TWICE,
                customer,
                meter,
                charge.time_ms,
                charge.quantity,
                None,
                name,
                "",
            )
        self._held[name] = _Held(
            customer, sys.intern(meter), charge.time_ms, charge.quantity, first
        )
        return None

    def pair(self, ours: OurCharge) -> UnlikeRequest | None:
        """What is not alike about it."""
        first = self._first(ours.key, ours.request)
        held = _of_meter(first, ours.meter) or self._of_no_meter(first)
        if held is None:
            reason = likely_reason(ours.request) if first is None else METER_NOT_THERE
            return _unlike("ours", reason, ours)
        if held.is_paired:
            return _unlike("ours", REQUEST_ID_REUSED, ours)
        held.is_paired = True
        detail = _differences(held, ours)
        if detail:
            return _unlike("both", DIFFERS, ours, held.quantity, detail)
        self.both += 1
        return None

    def refuse(self, refusal: OurRefusal) -> None:
        """Remembered only where the other side bills it."""
        held = self._first("", refusal.request)
        while held is not None:
            held.refusal = refusal.words
            held = held.next

    def rest(self) -> Iterator[UnlikeRequest]:
        """What ours has not met."""
        for name, first in self._held.items():
            held: _Held | None = first
            while held is not None:
                if not held.is_paired:
                    reason = WE_DO_NOT_BILL if held.refusal else NOT_IN_LOG
                    yield UnlikeRequest(
                        "theirs",
                        reason,
                        held.customer,
                        held.meter,
                        held.time_ms,
                        held.quantity,
                        None,
                        name,
                        "",
                        held.refusal,
                    )
                held = held.next

    def _of_no_meter(self, first: _Held | None) -> _Held | None:
        """The same request under a metric that is no meter of ours."""
        while first is not None and (first.is_paired or first.meter in self._meters):
            first = first.next
        return first

    def _first(self, key: str, request: Request | None) -> _Held | None:
        """By whichever of its ids the other side knows it."""
        names = (request.extended_request_id, request.request_id) if request else ()
        found = (self._held.get(name) for name in (*names, key) if name)
        return next((one for one in found if one is not None), None)


def _of_meter(first: _Held | None, meter: str) -> _Held | None:
    while first is not None and first.meter != meter:
        first = first.next
    return first


def _differences(held: _Held, ours: OurCharge) -> str:
    """Each with theirs and ours."""
    compared = {
        "customer": (held.customer, ours.customer),
        "meter": (held.meter, ours.meter),
        "quantity": (held.quantity, ours.quantity),
        "day": (held.time_ms // DAY_MS, ours.time_ms and ours.time_ms // DAY_MS),
    }
    unlike = {name: pair for name, pair in compared.items() if pair[0] != pair[1]}
    if "day" in unlike and ours.time_ms is None:
        del unlike["day"]
    return ", ".join(
        "day" if name == "day" else f"{name} {theirs}, ours {mine}"
        for name, (theirs, mine) in unlike.items()
    )


def _unlike(
    side: Literal["ours", "both"],
    reason: str,
    ours: OurCharge,
    theirs: Decimal | None = None,
    detail: str = "",
) -> UnlikeRequest:
    request = ours.request
    return UnlikeRequest(
        side,
        reason,
        ours.customer,
        ours.meter,
        ours.time_ms,
        theirs,
        ours.quantity,
        (request and request.request_id) or "",
        (request and request.extended_request_id) or ours.key,
        detail,
    )
