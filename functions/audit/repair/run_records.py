"""The records of windows as an audit's run writes them anew. A part of an export is no window, and
has none.
"""

from typing import NamedTuple, Protocol

from functions.audit.equation import WindowRecord
from functions.audit.repair.audit_order import AuditPlace
from functions.audit.repair.metered_record import CallHead
from functions.audit.window import AuditWindow


class KeptWindows(Protocol):
    """Where they stand; `functions.audit.window_store`."""

    def read(self, window: AuditWindow) -> WindowRecord | None: ...
    def keep(self, window: AuditWindow, record: WindowRecord) -> None: ...


class RunRecords(NamedTuple):
    """`head`: of the first call by which this run metered something of the window again; that is
    one repair of it, and counts when the run is done with it: until then the count starts no other.
    """

    store: KeptWindows

    def repairs_of(self, place: AuditPlace, head: CallHead | None) -> int:
        """Before this run."""
        if head is not None:
            return head["repairs"]
        known = self.known(place)
        return known.repairs if known else 0

    def keep(
        self,
        place: AuditPlace,
        record: WindowRecord,
        head: CallHead | None,
        *,
        is_settled: bool = False,
    ) -> None:
        """However often, it is one repair."""
        if not place.is_part:
            repairs = self.repairs_of(place, head) + is_settled
            self.store.keep(place.window, record.model_copy(update={"repairs": repairs}))

    def leave(self, place: AuditPlace, head: CallHead | None) -> None:
        """Of a run that ends before the ledger has what it sent: the next repair may begin."""
        known = self.known(place)
        if known is not None:
            self.keep(place, known, head, is_settled=True)

    def known(self, place: AuditPlace) -> WindowRecord | None:
        """As an audit found the window last."""
        return None if place.is_part else self.store.read(place.window)
