"""The requests of one delivery, sorted: usage events, what is excluded, what is quarantined;
and how many of its lines do not fit the declared source.

Pure: the same lines, configuration and clock give the same result, byte for byte.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from functions.metering.billing.decide import RULES, Billed, Rules, bill
from functions.metering.configuration.version import Configuration
from functions.metering.request import Request
from functions.usage.moment import DAY_MS
from functions.usage.outcome import Excluded, Quarantined

# Schema drift: the line is not of the declared source, or lacks what every line of it says. A
# console edit of a stage's log format is the most likely way to lose revenue silently
# (aforo-contract.md 1.2). A line that nobody may be billed for is no drift, nor is a forged one.
UNFIT_REASONS = frozenset(
    {
        "bad_status",
        "bad_time",
        "invalid_json",
        "no_message",
        "no_payer_key",
        "no_quantity",
        "no_request_identity",
        "no_status",
        "no_time",
        "undeclared_customer",  # somebody added a client's text to the format
        "unknown_format",
        "unsupported_api",
        "unknown_wrapper",
    }
)
# Aforo flags usage that is older (aforo-contract.md 1.1.6); it is billed all the same.
LATE_MS = DAY_MS


class QuarantinedRequest(NamedTuple):
    """One quarantined request with the log events that it was read from."""

    why: Quarantined
    log_events: tuple[object, ...]


@dataclass(slots=True)
class SortedRequests:
    """Where the requests went: each to exactly one of billed, excluded and quarantined."""

    configuration: Configuration
    now_ms: int
    rules: Rules = RULES
    event_texts: list[str] = field(default_factory=list)
    quarantined: list[QuarantinedRequest] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)
    omitted: Counter[str] = field(default_factory=Counter)  # events that a billed request lacks
    billed: int = 0
    late: int = 0
    dropped_figures: int = 0

    def add(self, found: Request | Quarantined, *log_events: object) -> None:
        """What a log source read from `log_events`."""
        if isinstance(found, Quarantined):
            self.quarantined.append(QuarantinedRequest(found, log_events))
            return
        self.dropped_figures += found.dropped_figures
        billing = bill(found, self.configuration, self.now_ms, self.rules)
        if isinstance(billing, tuple):
            if isinstance(billing, Billed):
                self.omitted.update(billing.omitted)
            self.bill(billing, found.time_ms or 0)
        elif isinstance(billing, Excluded):
            self.exclude(billing)
        else:
            self.quarantined.append(QuarantinedRequest(billing, log_events))

    def exclude(self, why: Excluded) -> None:
        self.excluded[why.reason] += 1

    def bill(self, event_texts: Iterable[str], time_ms: int) -> None:
        """One billable request."""
        self.event_texts.extend(event_texts)
        self.billed += 1
        if self.now_ms - time_ms > LATE_MS:
            self.late += 1


def unfit_lines(found: SortedRequests) -> int:
    """Log events of `found` that do not fit the declared source."""
    return sum(
        len(log_events) for why, log_events in found.quarantined if why.reason in UNFIT_REASONS
    )
