"""The records of windows as an audit's run writes them anew. A part of an export is no window, and
has none.
"""

from typing import NamedTuple, Protocol

from functions.audit.audit_order import AuditPlace
from functions.audit.equation import WindowRecord
from functions.audit.metered_record import MeteredRecord
from functions.audit.window import AuditWindow


class KeptWindows(Protocol):
    """Where they stand; `functions.audit.window_store`."""

    def read(self, window: AuditWindow) -> WindowRecord | None: ...
    def keep(self, window: AuditWindow, record: WindowRecord) -> None: ...


class RunRecords(NamedTuple):
    """`metered` is what this run has metered again: that counts as one repair of its window."""

    store: KeptWindows
    metered: MeteredRecord

    def repairs_of(self, place: AuditPlace) -> int:
        """Up to now; the same again after this run has kept its record."""
        head = self.metered.head(place.number)
        if head is not None:
            return head["repairs"]
        known = None if place.is_part else self.store.read(place.window)
        return known.repairs if known else 0

    def keep(self, place: AuditPlace, record: WindowRecord) -> None:
        """However often, it is one repair."""
        if place.is_part:
            return
        was_sent = self.metered.head(place.number) is not None
        repairs = self.repairs_of(place) + was_sent
        self.store.keep(place.window, record.model_copy(update={"repairs": repairs}))
