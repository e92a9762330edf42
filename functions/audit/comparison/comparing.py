"""One window of one log comes in; where each of its requests is leaves, and with `with_lines` the
log lines of those that are missing.

The log is read, metering accounts for it, and the ledger strikes out what it has: in most windows
that is all. Only where something is left are others asked, in this order: the road, the ledger once
more, the quarantine, and the log a second time. So whatever ended before the road said that all had
come to its end is seen.

Guaranteed: each request is in one term, and the customers' terms add up to the whole. The lines of
what is missing are the only ones that are kept in memory, and only if they are asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from functions.audit.comparison.customer_terms import NOBODY, CustomerTerms
from functions.audit.comparison.expected import Expected, KeyState
from functions.audit.comparison.refusals import Refusals, lines_within
from functions.audit.equation import Equation, Term, WindowRecord
from functions.audit.log.account import Account, AccountedEvent
from functions.audit.log.log_chunk import Chunk
from functions.audit.log.log_window import MARGIN_MS
from functions.audit.neighbours import (
    AsksMetering,
    Kept,
    MissingRequest,
    ReadsKept,
    ReadsLog,
    ReadsSettled,
)
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.usage.errors import Permanent, Retryable
from functions.usage.moment import iso_from_epoch_ms

# What else than a `KeyState` a request may be after the second reading.
_KEPT, _READ_AGAIN = 4, 5
_TERMS: dict[int, Term] = {
    KeyState.CONFIRMED: Term.CONFIRMED,
    KeyState.SET_ASIDE: Term.SET_ASIDE,
    KeyState.UNDECIDED: Term.NEEDS_DECISION,
}


# Of 1,024 MB for lines that are given, the rest is for the next repair; a line beside its text.
HELD_BYTES, LINE_BYTES = 400_000_000, 900


class LogGone(Permanent):
    """The source's log group is not there: nobody can say what it served."""


class OutOfTime(Retryable):
    """The invocation ends before the window is read; if it does so each time, by AuditShards."""


class Compared(NamedTuple):
    """`missing` is empty unless lines were asked for, and as much of it as memory holds."""

    record: WindowRecord
    missing: list[MissingRequest]


@dataclass(slots=True)
class _Found:
    """Of one window, so far."""

    expected: Expected
    terms: CustomerTerms
    refusals: Refusals
    lines: int = 0


class Comparing(NamedTuple):
    """Whom it asks. `clear_until`: whatever was served before that moment has come to its end.
    `is_time_left` is asked at each chunk of lines: an invocation that Lambda cuts tells nothing.
    """

    log: ReadsLog
    metering: AsksMetering
    settled: ReadsSettled
    quarantine: ReadsKept
    clear_until: Callable[[], datetime]
    now: Callable[[], datetime]
    is_time_left: Callable[[], bool] = lambda: True

    def is_clear(self, window: AuditWindow) -> bool:
        """Whether nothing that was served in the window is still under way."""
        return _epoch_ms(self.clear_until()) >= window.to_ms

    def compare(
        self, source: WatchedSource, window: AuditWindow, *, with_lines: bool = False
    ) -> Compared:
        """Raises what those raise who are asked: then nothing is known of the window."""
        now, missing = self.now(), list[MissingRequest]()
        found = self._read(source, window)
        self.settled.strike_out(found.expected, window.from_ms, now)
        states, absent = found.expected.states(), Term.HELD
        if KeyState.MISSING in states or found.refusals.kept_nowhere:
            if self.is_clear(window):
                absent = Term.UNACCOUNTED
            if absent == Term.UNACCOUNTED or with_lines:
                self.settled.strike_out(found.expected, window.from_ms, now)
                states = found.expected.states()
                held = 0
                for request in self._read_again(source, window, found, states):
                    held += sum(LINE_BYTES + len(line["message"]) for line in request.lines)
                    if with_lines and held <= HELD_BYTES:
                        missing.append(request)
        customers = _by_customer(found, states, absent)
        record = WindowRecord(
            source=source.name,
            logGroup=source.log_group,
            start=iso_from_epoch_ms(window.from_ms),
            end=iso_from_epoch_ms(window.to_ms),
            auditedAt=iso_from_epoch_ms(_epoch_ms(now)),
            lines=found.lines,
            equation=Equation.sum_of(customers.values()),
            customers=customers,
        )
        return Compared(record, missing)

    def _read(self, source: WatchedSource, window: AuditWindow) -> _Found:
        found = _Found(Expected(), CustomerTerms(), Refusals(self._kept(source, window)))
        for part, word in self._parts(source, window):
            found.lines += sum(1 for _ in lines_within(part, window))
            found.terms.add_excluded(word.excluded)
            for _ in found.refusals.note(part, word, window):
                pass
            for customer, _, events in word.billed:
                found.expected.add(customer, _keys(events), events[0].occurred_at)
        return found

    def _read_again(
        self, source: WatchedSource, window: AuditWindow, found: _Found, states: bytearray
    ) -> Iterator[MissingRequest]:
        """What is kept in the quarantine is noted in `states`; the rest is given."""
        refusals = found.refusals = Refusals(self._kept(source, window))
        for part, word in self._parts(source, window):
            for reason, indexes in refusals.note(part, word, window):
                yield MissingRequest.of(word, NOBODY, indexes, (), reason)
            for customer, indexes, events in word.billed:
                number = found.expected.request_of(_keys(events))
                if number is None:
                    # Younger than the first reading: nobody has looked for it in the ledger.
                    found.terms.add(Term.HELD, customer)
                    continue
                # A request may have been billed in part: by a meter that was there before.
                absent = tuple(one for one in events if found.expected.lacks(one.key))
                if states[number] != KeyState.MISSING or not absent:
                    continue  # found, or its line is there twice
                if reason := refusals.reason_of(part, indexes):
                    # Metering would bill it today; it was kept for this reason, or failed.
                    states[number] = _KEPT
                    found.terms.add(Term.QUARANTINED, customer, reason)
                else:
                    states[number] = _READ_AGAIN
                    yield MissingRequest.of(word, customer, indexes, absent)

    def _parts(self, source: WatchedSource, window: AuditWindow) -> Iterator[tuple[Chunk, Account]]:
        self.log.gone.discard(source.log_group)
        for part in self.log.chunks(source.log_group, window, source.kind):
            if not self.is_time_left():
                raise OutOfTime(str(window))
            yield part, self.metering.account(source.log_group, part, window)
        if source.log_group in self.log.gone:
            raise LogGone(source.log_group)

    def _kept(self, source: WatchedSource, window: AuditWindow) -> Callable[[], Kept]:
        margin = MARGIN_MS if source.kind == "execution" else 0
        from_ms, to_ms = window.from_ms - margin, window.to_ms + margin
        return lambda: self.quarantine.of(source.log_group, from_ms, to_ms)


def _by_customer(found: _Found, states: bytearray, absent: Term) -> dict[str, Equation]:
    terms = found.terms
    terms.add(absent, times=found.refusals.kept_nowhere)
    for reason, times in found.refusals.reasons.items():
        terms.add(Term.QUARANTINED, reason=reason, times=times)
    for customer, state in zip(found.expected.customers(), states, strict=True):
        if state != _KEPT:
            terms.add(_TERMS.get(state, absent), customer)
    return terms.equations()


def _keys(events: Sequence[AccountedEvent]) -> list[str]:
    return [event.key for event in events]


def _epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
