"""The records that an audit keeps of windows come in; what it knows of each source in a range of
time leaves. It reads only.

Guaranteed: no minute is counted twice, though windows of several lengths stand beside each other.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from functions.audit.equation import Equation, WindowRecord
from functions.audit.window import NamedWindow
from functions.audit.window_store import WindowStore
from functions.operator.audits.source_account import OpenWindow, SourceAccount, Unaudited
from functions.operator.audits.witnessed_range import witnessed_range
from functions.operator.statement.chosen_windows import WholeWindow, chosen_windows
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso

MINUTE_MS = 60_000
# By default a window is looked at 10 minutes after its end, each 5. AuditDelaySeconds is 2 h at
# most.
DUE_MS = 15 * MINUTE_MS
LONGEST_DUE_MS = 2 * HOUR_MS + DUE_MS
DEFAULT_WINDOW_MS = 5 * MINUTE_MS


class AuditedRange(NamedTuple):
    """UnreadableObject names a record that is none. `to_ms` is not included."""

    store: WindowStore
    from_ms: int
    to_ms: int
    now_ms: int

    def account(self, source: str) -> SourceAccount:
        """A window belongs to the range when it begins in it."""
        states = self.store.states(source, self.from_ms, self.to_ms)
        chosen = chosen_windows(NamedWindow(*one) for one in states.items())
        parts = [part for whole in chosen for part in whole.parts]
        equations: list[Equation] = []
        open_windows: list[OpenWindow] = []
        last_audit = newest_audit = ""
        for named, record in self._records(parts):
            equations.append(record.equation)
            last_audit = max(last_audit, record.audited_at)
            if named.window.to_ms == chosen[-1].to_ms:
                newest_audit = record.audited_at
            if not named.closed:
                open_windows.append(_open_window(named, record))
        return SourceAccount(
            source,
            Equation.sum_of(equations),
            sum(named.closed for named in parts),
            tuple(sorted(open_windows)),
            tuple(self._unaudited(chosen, newest_audit)),
            last_audit,
            witnessed_range(self.store, source, self.from_ms, self.to_ms),
        )

    def _records(self, parts: Iterable[NamedWindow]) -> Iterator[tuple[NamedWindow, WindowRecord]]:
        for closed in (True, False):
            named = [one for one in parts if one.closed is closed]
            records = self.store.records([one.window for one in named], closed=closed)
            yield from zip(named, records, strict=True)

    def _unaudited(self, chosen: list[WholeWindow], newest_audit: str) -> Iterator[Unaudited]:
        lengths = Counter(one.to_ms - one.from_ms for one in chosen)
        length = lengths.most_common(1)[0][0] if lengths else DEFAULT_WINDOW_MS
        due_ms = DUE_MS
        if newest_audit:
            waited = epoch_ms_from_iso(newest_audit) - chosen[-1].to_ms + DEFAULT_WINDOW_MS
            due_ms = min(LONGEST_DUE_MS, max(DUE_MS, waited))
        reached, until = self.from_ms, min(self.to_ms, self.now_ms - due_ms)
        if chosen:  # what begins before the range, or ends after it, is not of it
            reached, until = -(-reached // length) * length, until // length * length
        for begin, end in [*((one.from_ms, one.to_ms) for one in chosen), (until, until)]:
            if reached < min(begin, until):
                gap_end = min(begin, until)
                yield Unaudited(reached, gap_end, -(-(gap_end - reached) // length))
            reached = max(reached, end)


def _open_window(named: NamedWindow, record: WindowRecord) -> OpenWindow:
    found = record.equation
    return OpenWindow(
        named.window, found.held, found.unaccounted, record.repairs, record.audited_at
    )
