"""What a person asked for comes in, with what this stack knows; an order leaves, or all reasons why
not. Pure.

Guaranteed: an order has only windows that are due and whose log is still there: a window without
its log would look like one in which nothing was served.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from functions.audit.repair.audit_input import AuditInput
from functions.audit.repair.audit_order import AuditOrder
from functions.audit.repair.repair_limits import BEYOND_AFORO_MS
from functions.audit.watched_source import WatchedSource
from functions.usage.moment import DAY_MS, iso_from_epoch_ms

# A state holds 256 KiB, and an input of that size may be one fault.
PROBLEM_CHARACTERS = 2_000
INCLUDES_OLD = (
    "What Aforo may have forgotten is billed if the ledger has not got it (includeOld): where the "
    "ledger has lost objects that is a second time, so ask Aforo about such days first"
)


@dataclass(frozen=True, slots=True)
class StackFacts:
    """`kept_days`: how long CloudWatch keeps a log group, by its name; without a number for ever.
    `parts`: how many files the export has that was named; `export_fault`: why nobody can say;
    `tasks`: of how many export tasks. `first_ms`: where windows are counted from.
    """

    sources: Sequence[WatchedSource]
    kept_days: Mapping[str, int]
    now_ms: int
    window_seconds: int
    delay_seconds: int
    shards: int
    parts: int = 0
    export_fault: str = ""
    tasks: int = 1
    first_ms: int = 0

    @property
    def window_ms(self) -> int:
        return self.window_seconds * 1000

    @property
    def due_until_ms(self) -> int:
        """The end of the last window that is due."""
        latest = self.now_ms - self.delay_seconds * 1000
        return self.begin_of(latest)

    def begin_of(self, at_ms: int) -> int:
        """Of the window that holds that moment."""
        return at_ms - (at_ms - self.first_ms) % self.window_ms


def order_of(asked: AuditInput, faults: Sequence[str], facts: StackFacts) -> AuditOrder | str:
    """The order, or the text that names every wrong field and its fix; `faults` are those of
    `read_input`.
    """
    if asked.window_seconds:
        first_ms = int(asked.from_.timestamp() * 1000) if asked.from_ else 0
        facts = replace(facts, window_seconds=asked.window_seconds, first_ms=first_ms)
    sources = _sources(asked, facts)
    notes: list[str] = []
    from_ms, to_ms, wrong_times = _range(asked, sources, facts, notes)
    wrong = [
        *faults,
        *_wrong_source(asked, sources, facts),
        *wrong_times,
        *_wrong_shards(asked),
        *_wrong_export(asked, sources, facts),
    ]
    if wrong:
        return "; ".join(wrong)[:PROBLEM_CHARACTERS]
    if asked.include_old:
        notes.append(INCLUDES_OLD)
    if facts.tasks > 1:
        notes.append(
            f"The export is of {facts.tasks} tasks: a request that two of them hold counts twice "
            "in this report, and is metered again once"
        )
    return AuditOrder.model_validate(
        {
            "sources": [source.model_dump(by_alias=True) for source in sources],
            "fromMs": from_ms,
            "toMs": to_ms,
            "windowSeconds": facts.window_seconds,
            "shard": asked.shard,
            "shards": asked.shards or facts.shards,
            "dryRun": asked.dry_run,
            "includeOld": asked.include_old,
            "export": asked.export.model_dump() if asked.export else None,
            "parts": facts.parts,
            "quiet": asked.quiet,
            "keptDays": facts.kept_days,
            "notes": notes,
        }
    )


def _sources(asked: AuditInput, facts: StackFacts) -> list[WatchedSource]:
    return [one for one in facts.sources if asked.source in {None, one.name}]


def _wrong_source(
    asked: AuditInput, sources: Sequence[WatchedSource], facts: StackFacts
) -> list[str]:
    if sources:
        return []
    names = ", ".join(sorted(one.name for one in facts.sources))
    if not names:
        return ["source: metering has none; declare one (docs/how-to/add-a-source.md)"]
    return [f"source: there is no {asked.source!r}; there are {names}"]


def _range(
    asked: AuditInput, sources: Sequence[WatchedSource], facts: StackFacts, notes: list[str]
) -> tuple[int, int, list[str]]:
    """From the window that holds `from` to the one that holds the last moment before `to`."""
    length, due_ms = facts.window_ms, facts.due_until_ms
    if asked.from_ is None and asked.to is None:
        from_ms = 0 if asked.export else due_ms - length
        return from_ms, due_ms, []
    if asked.from_ is None and not asked.export:
        return 0, 0, ["from: is missing; give it beside to"]
    asked_from_ms = int(asked.from_.timestamp() * 1000) if asked.from_ else 0
    asked_to_ms = int(asked.to.timestamp() * 1000) if asked.to else due_ms
    if asked.to and asked_to_ms <= asked_from_ms:
        return 0, 0, ["to: give a time after from"]
    from_ms, to_ms = facts.begin_of(asked_from_ms), facts.begin_of(asked_to_ms - 1) + length
    if from_ms >= due_ms:
        return 0, 0, [f"from: is not due; it can be audited from {_due_at(from_ms, facts)} on"]
    if to_ms > due_ms:
        notes.append(
            f"Looked at up to {iso_from_epoch_ms(due_ms)}: what is later can be audited "
            f"{facts.delay_seconds} s after its window's end"
        )
    if facts.now_ms - from_ms > BEYOND_AFORO_MS:
        limit = iso_from_epoch_ms(facts.now_ms - BEYOND_AFORO_MS)
        notes.append(f"Aforo takes nothing from before {limit}: what is missing there is told only")
    wrong = [] if asked.export else _wrong_retention(asked_from_ms, sources, facts)
    return from_ms, min(to_ms, due_ms), wrong


def _due_at(from_ms: int, facts: StackFacts) -> str:
    return iso_from_epoch_ms(from_ms + facts.window_ms + facts.delay_seconds * 1000)


def _wrong_retention(
    from_ms: int, sources: Sequence[WatchedSource], facts: StackFacts
) -> list[str]:
    """Without its lines a window would seem to have served nothing."""
    gone = [
        f"the log of {one.name} is kept {days} days: give at least {iso_from_epoch_ms(first_ms)}"
        for one in sources
        if (days := facts.kept_days.get(one.log_group))
        and from_ms < (first_ms := facts.now_ms - days * DAY_MS + facts.window_ms)
    ]
    return [f"from: {'; '.join(gone)}, or audit an export of it"] if gone else []


def _wrong_shards(asked: AuditInput) -> list[str]:
    if asked.shard is None:
        return []
    if asked.shards is None:
        return ["shards: is missing; say how many there are beside shard"]
    if asked.shard >= asked.shards:
        return [f"shard: give one from 0 to {asked.shards - 1}"]
    return []


def _wrong_export(
    asked: AuditInput, sources: Sequence[WatchedSource], facts: StackFacts
) -> list[str]:
    if asked.export is None:
        return []
    wrong = []
    if len(sources) > 1:
        names = ", ".join(sorted(one.name for one in sources))
        wrong.append(f"source: say of which one the export is ({names})")
    elif any(one.kind == "execution" for one in sources):
        wrong.append("export: of an execution log it cannot be read; audit the log itself")
    if asked.shard is not None or asked.shards is not None:
        wrong.append("shards: an export has its files for parts; leave shard and shards out")
    if not facts.parts:
        where = f"s3://{asked.export.bucket}/{asked.export.prefix}"
        wrong.append(f"export: {facts.export_fault or f'there is no file of one under {where}'}")
    return wrong
