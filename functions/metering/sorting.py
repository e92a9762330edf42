"""The requests of one delivery, sorted: usage events, what is excluded, what is quarantined;
and how many of its lines do not fit the declared source.

Pure: the same lines, configuration and clock give the same result, byte for byte.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from functions.metering.billing.decide import RULES, Billed, Billing, Rules, bill
from functions.metering.configuration.version import Configuration
from functions.metering.request import Request, Shown
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

    def add(self, found: Request | Excluded | Quarantined, *log_events: object) -> None:
        """What a log source read from `log_events`."""
        if isinstance(found, Request):
            self.dropped_figures += found.dropped_figures
            billing = bill(found, self.configuration, self.now_ms, self.rules)
            self.put(billing, log_events, found)
        else:
            self.put(found, log_events)

    def put(
        self,
        outcome: Billing,
        log_events: tuple[object, ...],
        request: Request | None = None,
        shown: Shown = Shown.WHOLE,  # noqa: ARG002 - for who reads a part of a log
    ) -> None:
        """What became of one request, which was read from `log_events`."""
        if isinstance(outcome, tuple):
            if isinstance(outcome, Billed):
                self.omitted.update(outcome.omitted)
            self.event_texts.extend(outcome)
            self.billed += 1
            if request is not None and self.now_ms - (request.time_ms or 0) > LATE_MS:
                self.late += 1
        elif isinstance(outcome, Excluded):
            self.excluded[outcome.reason] += 1
        else:
            self.quarantined.append(QuarantinedRequest(outcome, log_events))


def unfit_lines(found: SortedRequests) -> int:
    """Log events of `found` that do not fit the declared source."""
    return sum(
        len(log_events) for why, log_events in found.quarantined if why.reason in UNFIT_REASONS
    )
