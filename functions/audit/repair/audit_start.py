"""An execution's input comes in; the order that the audit carries out leaves, or why it is refused.
It reads and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.audit.repair.audit_input import AuditInput, ExportedTo, read_input
from functions.audit.repair.audit_order import AuditOrder
from functions.audit.repair.audit_progress import AuditProgress
from functions.audit.repair.exported_parts import ExportNotReadable, tasks_of
from functions.audit.repair.order_check import StackFacts, order_of
from functions.audit.settings import AuditSettings
from functions.audit.watched_source import WatchedSource


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditStart:
    """`kept_days` tells how long log groups are kept, `parts` the files of an export."""

    settings: AuditSettings
    sources: Callable[[], Sequence[WatchedSource]]
    kept_days: Callable[[Iterable[str]], Mapping[str, int]]
    parts: Callable[[ExportedTo], Sequence[str]]
    now_ms: Callable[[], int]

    def answer(self, given: object) -> dict[str, Any]:
        """What the state machine decides on."""
        asked, faults = read_input(given)
        facts = self._facts(asked)
        if asked.export:
            try:
                names = self.parts(asked.export)
                facts = replace(facts, parts=len(names), tasks=tasks_of(names))
            except ExportNotReadable as error:
                facts = replace(facts, export_fault=str(error))
        order = order_of(asked, faults, facts)
        if not isinstance(order, AuditOrder):
            return {"outcome": "refused", "problem": order}
        return {
            "outcome": "start",
            "order": order.model_dump(mode="json", by_alias=True, exclude_none=True),
            "progress": AuditProgress().as_json(),
        }

    def _facts(self, asked: AuditInput) -> StackFacts:
        sources = self.sources()
        chosen = [one.log_group for one in sources if asked.source in {None, one.name}]
        is_past = asked.from_ is not None and asked.export is None
        return StackFacts(
            sources=sources,
            kept_days=self.kept_days(chosen) if is_past else {},
            now_ms=self.now_ms(),
            window_seconds=self.settings.audit_window_seconds,
            delay_seconds=self.settings.audit_delay_seconds,
            shards=self.settings.audit_shards,
        )
