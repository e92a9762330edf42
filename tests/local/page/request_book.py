"""What the gateway served and what the ledger settled come in; where each request is leaves.

Guaranteed: each request of a metered stage is counted once, in exactly one state, and a confirmed
row outweighs a set-aside one, as everywhere (functions.adapters.ledger).
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from functions.usage.event import RequestIdentity
from functions.usage.ledger_row import LedgerRow
from tests.local.customers import METER
from tests.local.demo.accounting import is_billable

LATEST = 200  # requests that can be shown one by one


class Billing(StrEnum):
    """Where a request is."""

    BILLED = "billed"
    WAITING = "not billed yet"
    SET_ASIDE = "set aside"
    NOT_BILLABLE = "not billable"


@dataclass(slots=True)
class ServedRequest:
    """One answer of the gateway. `why` is the class and reason of what was set aside."""

    at_ms: int
    extended_request_id: str
    asked: str
    status: int
    customer_id: str
    stage: str
    billing: Billing
    why: str = ""


@dataclass(slots=True)
class RequestBook:
    """Of one account and Region: they stand in an event's key. `is_metered` knows API and stage."""

    account: str
    region: str
    is_metered: Callable[[str, str], bool] = lambda _api, _stage: True
    unmetered: int = 0
    counts: Counter[Billing] = field(default_factory=Counter)
    _by_key: dict[str, ServedRequest] = field(default_factory=dict)
    _rows: dict[str, LedgerRow] = field(default_factory=dict)
    _latest: deque[ServedRequest] = field(default_factory=lambda: deque(maxlen=LATEST))

    def add_served(self, served: Mapping[str, Any]) -> None:
        """As the gateway's witness tells it; what it logs nowhere is nobody's request."""
        if not served["extended_request_id"] or not served["stage"]:
            return
        if not self.is_metered(served["api_id"], served["stage"]):
            self.unmetered += 1
            return
        request = ServedRequest(
            at_ms=served["request_time_epoch_ms"],
            extended_request_id=served["extended_request_id"],
            asked=f"{served['method']} {served['path']}",
            status=served["status"],
            customer_id=served["customer_id"] or "",
            stage=served["stage"],
            billing=Billing.WAITING if is_billable(served) else Billing.NOT_BILLABLE,
        )
        self.counts[request.billing] += 1
        self._latest.append(request)
        key = self._identity(served).event_key(METER)
        self._by_key[key] = request
        if key in self._rows:
            self._settle(request, self._rows[key])

    def add_rows(self, rows: Iterable[LedgerRow]) -> None:
        """Of the ledger; a row may come before the witness tells of its request."""
        for row in rows:
            known = self._rows.get(row["key"])
            if known is not None and known["outcome"] == "confirmed":
                continue
            self._rows[row["key"]] = row
            if request := self._by_key.get(row["key"]):
                self._settle(request, row)

    def latest(self, most: int) -> list[ServedRequest]:
        """The youngest first, as they are now."""
        found = sorted(self._latest, key=lambda one: one.at_ms, reverse=True)
        return [replace(one) for one in found[:most]]

    def set_aside(self) -> Counter[tuple[str, str]]:
        """Events that are set aside now, of any meter, by class and reason."""
        rows = [row for row in self._rows.values() if row["outcome"] == "set_aside"]
        return Counter((row.get("setAsideClass", ""), row.get("reason", "")) for row in rows)

    def outcomes(self) -> Counter[str]:
        """Events of the ledger by outcome, each key once."""
        return Counter(row["outcome"] for row in self._rows.values())

    def _identity(self, served: Mapping[str, Any]) -> RequestIdentity:
        return RequestIdentity(
            self.account,
            self.region,
            served["api_id"],
            served["stage"],
            served["extended_request_id"],
        )

    def _settle(self, request: ServedRequest, row: LedgerRow) -> None:
        is_confirmed = row["outcome"] == "confirmed"
        self.counts[request.billing] -= 1
        request.billing = Billing.BILLED if is_confirmed else Billing.SET_ASIDE
        self.counts[request.billing] += 1
        words = (row.get("setAsideClass"), row.get("reason"))
        request.why = "" if is_confirmed else ": ".join(filter(None, words))
