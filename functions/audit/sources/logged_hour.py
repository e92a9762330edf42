"""An hour of a source comes in; how many requests its log has, by the audit's windows, leaves."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore
from functions.usage.moment import HOUR_MS

_HOUR_SECONDS = HOUR_MS // 1000


class LoggedHours(NamedTuple):
    """What the store raises is passed on."""

    store: WindowStore

    def requests(self, source: str, hour_ms: int) -> int | None:
        """None: some window of the hour is not counted yet."""
        states = self.store.states(source, hour_ms, hour_ms + HOUR_MS)
        windows = _whole(states)
        if not windows:
            return None
        return sum(
            record.equation.served
            for closed in (True, False)
            for record in self.store.records(
                [one for one in windows if states[one] is closed], closed=closed
            )
        )


def _whole(windows: Iterable[AuditWindow]) -> list[AuditWindow]:
    """Those of one length that fill the hour: where the length was changed in it, windows of both
    stand beside each other.
    """
    kinds = defaultdict[tuple[int, int], list[AuditWindow]](list)
    for window in windows:
        kinds[window.seconds, window.shards].append(window)
    for (seconds, shards), found in kinds.items():
        if len(found) * seconds == _HOUR_SECONDS * shards:
            return found
    return []
