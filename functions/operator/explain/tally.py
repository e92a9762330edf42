"""Explained requests come in, one by one; what they amount to leaves.

Memory grows by a few bytes an event, whatever the log's size: keys are kept as fingerprints.
"""

from collections import Counter
from collections.abc import Mapping

from functions.operator.explain.explained_line import detail_of, outcome_of
from functions.operator.explain.explanation import Explained
from functions.operator.explain.recognition import is_request
from functions.operator.ledger.fingerprint_set import FingerprintSet
from functions.usage.event import UsageEvent
from functions.usage.outcome import Excluded, Quarantined

# The first 64 bits of a SHA-256, behind its prefix: two of ten million agree once in 400,000 logs.
_FINGERPRINT = slice(len("apigw1-"), len("apigw1-") + 16)
# A detail may name a key that a client chose: beyond so many, details are counted together.
_DETAILS = 1000
_NO_DAY = "unknown"
_DAY = len("2026-10-02")


class Tally:
    """Counts of requests and events. A customer's and a day's are of what is billed."""

    def __init__(self) -> None:
        self.requests = 0
        self.billed = 0
        self.events = 0
        self.outcomes: Counter[tuple[str, str | None]] = Counter()
        self.others: Counter[str] = Counter()  # lines of no request, by reason
        self.customers: Counter[str] = Counter()
        self.days: Counter[str] = Counter()
        self._quarantined: Counter[tuple[str, str]] = Counter()
        self._keys = FingerprintSet()

    def add(self, one: Explained) -> None:
        """One request, or what is not one."""
        if not is_request(one):
            if isinstance(one.billing, Excluded):
                self.others[one.billing.reason] += 1
            return
        self.requests += 1
        self.outcomes[outcome_of(one)] += 1
        if isinstance(one.billing, tuple):
            self._add_events(one.billing, lacks_time=one.lacks_time)
        elif isinstance(one.billing, Quarantined):
            why = (one.billing.reason, detail_of(one))
            is_kept = why in self._quarantined or len(self._quarantined) < _DETAILS
            self._quarantined[why if is_kept else (one.billing.reason, "")] += 1

    @property
    def distinct_events(self) -> int:
        """As many as metering would send: an event key is billed once."""
        return len(self._keys)

    @property
    def quarantined(self) -> Mapping[tuple[str, str], int]:
        """Requests that cannot be billed, by reason and detail."""
        return self._quarantined

    def _add_events(self, events: tuple[UsageEvent, ...], *, lacks_time: bool) -> None:
        self.billed += 1
        for event in events:
            self.events += 1
            self._keys.add(int(event["idempotencyKey"][_FINGERPRINT], 16) or 1)
        if events:
            self.customers[events[0]["customerId"]] += 1
            self.days[_NO_DAY if lacks_time else events[0]["occurredAt"][:_DAY]] += 1
