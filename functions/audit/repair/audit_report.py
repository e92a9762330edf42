"""The report of an audit: how far it came and what is on record come in; the whole account, which
stands in S3, a short one that fits a state's output, and the text of the notice leave.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from functions.audit.equation import Equation
from functions.audit.repair.audit_progress import AuditProgress, AuditTask
from functions.audit.repair.bill_difference import BillDifference, DifferenceLine, summed
from functions.audit.repair.metered_record import MeteredRecord, head_of
from functions.audit.repair.repair_limits import RepairFate
from functions.audit.repair.run_records import RunRecords
from functions.usage.moment import iso_from_epoch_ms

# About 120 bytes each; who wants all of them reads the copy in S3.
LINES_IN_STATE = 50
SOURCES_IN_STATE = 20
# What a dry run would do, in other words than what was done.
IF_IT_WERE_NOT_DRY = {
    RepairFate.METERED_AGAIN: "wouldBeBilled",
    RepairFate.QUARANTINED: "wouldBeQuarantined",
}


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Of one run of the state machine."""

    record: MeteredRecord
    difference: BillDifference
    records: RunRecords

    def write(self, task: AuditTask, now: datetime) -> dict[str, Any]:
        """What the state machine is told; the whole is in S3 when this returns. A second time
        writes the same.
        """
        if not task.order.dry_run:
            self._leave(task)
        account = self._account(task, now)
        key = f"{self.record.folder}report.json"
        self.record.client.put_object(
            Bucket=self.record.bucket,
            Key=key,
            Body=to_json(account, indent=2),
            ContentType="application/json",
        )
        uri = f"s3://{self.record.bucket}/{key}"
        return {
            "outcome": "reported",
            "report": shortened(account),
            "reportUri": uri,
            "notice": notice_of(account, uri),
            "isNews": is_news(account, is_quiet=task.order.quiet),
        }

    def _leave(self, task: AuditTask) -> None:
        """What this run did not come to the end of is for the next repair, also the window that it
        stopped at: a call about nothing says that this one was.
        """
        order, progress = task.order, task.progress
        if task.trouble and progress.place < order.windows:
            place = order.at(progress.place)
            if self.record.head(place.number) is None and (known := self.records.known(place)):
                head = head_of("report", str(place), known, known.repairs)
                self.record.put(place.number, 0, head, [])
        for number in self.record.places(after=progress.settled):
            self.records.leave(order.at(number), self.record.head(number))

    def _account(self, task: AuditTask, now: datetime) -> dict[str, Any]:
        progress, order = task.progress, task.order
        failed = 0 if order.dry_run else self.record.failed()
        return {
            "version": 1,
            "auditId": task.run_id,
            "dryRun": order.dry_run,
            "trouble": task.trouble or None,
            "startedAt": iso_from_epoch_ms(int(task.started_at.timestamp() * 1000)),
            "finishedAt": iso_from_epoch_ms(int(now.timestamp() * 1000)),
            "from": iso_from_epoch_ms(order.from_ms),
            "to": iso_from_epoch_ms(order.to_ms),
            "sources": sorted(one.name for one in order.sources),
            "notes": list(order.notes),
            "windows": {"lookedAt": progress.place, "left": order.windows - progress.place},
            "lines": progress.lines,
            "unread": dict(sorted(progress.unread.items())),
            "before": _told(progress.before),
            # In a dry run nothing is changed. What was sent and not compared again is not in it.
            "after": _told(progress.after),
            "requests": {
                _name(one, is_dry=order.dry_run): progress.requests.get(one, 0)
                for one in RepairFate
            }
            | {"notTakenByMetering": failed, "stillMissing": _still_missing(progress)},
            "events": progress.events,
            "bill": self._bill(is_dry=order.dry_run),
            "seconds": dict(progress.seconds),
            "waited": dict(progress.waited),
            "rounds": progress.calls,
        }

    def _bill(self, *, is_dry: bool) -> dict[str, list[DifferenceLine]]:
        lines = self.difference.lines()
        if not is_dry:
            rows = self.record.rows()
            lines[RepairFate.METERED_AGAIN] = summed(
                (row["customerId"], row["events"]) for row in rows
            )
        return {_name(why, is_dry=is_dry): found for why, found in lines.items() if found}


def _name(why: RepairFate, *, is_dry: bool) -> str:
    return IF_IT_WERE_NOT_DRY.get(why, why.value) if is_dry else why.value


def _told(sums: Mapping[str, Equation]) -> dict[str, Any]:
    total = Equation.sum_of(sums.values())
    return {
        "served": total.served,
        "all": total.as_json(),
        "bySource": {source: one.as_json() for source, one in sorted(sums.items())},
    }


def _still_missing(progress: AuditProgress) -> int:
    total = Equation.sum_of(progress.after.values())
    return total.held + total.unaccounted


def is_news(account: Mapping[str, Any], *, is_quiet: bool) -> bool:
    """Whether operators want to know: it stopped, or something was missing."""
    return bool(account["trouble"]) or (not is_quiet and any(account["requests"].values()))


def shortened(account: Mapping[str, Any]) -> dict[str, Any]:
    """As far as a state may carry it: the first lines of the bill, and of the sources."""
    bill = {why: lines[:LINES_IN_STATE] for why, lines in account["bill"].items()}
    counted = {why: len(lines) for why, lines in account["bill"].items()}
    sums = {name: _first_sources(account[name]) for name in ("before", "after")}
    unread = dict(list(account["unread"].items())[:SOURCES_IN_STATE])
    return {**account, **sums, "unread": unread, "bill": bill, "billLines": counted}


def _first_sources(told: Mapping[str, Any]) -> dict[str, Any]:
    by_source = told["bySource"]
    return {**told, "bySource": {name: by_source[name] for name in [*by_source][:SOURCES_IN_STATE]}}


def notice_of(account: Mapping[str, Any], uri: str) -> str:
    """The text for the operators. Counts only: usage does not leave by mail."""
    kind = "Dry run of an audit" if account["dryRun"] else "Audit"
    windows = account["windows"]
    left = f", {windows['left']} are left" if windows["left"] else ""
    lines = [
        f"{kind} {account['auditId']}",
        f"From {account['from']} to {account['to']}: {', '.join(account['sources'])}",
        f"Stopped early: {account['trouble']}" if account["trouble"] else "Came to its end.",
        *account["notes"],
        f"Windows: {windows['lookedAt']} looked at{left}; {account['lines']} lines.",
        f"Before: {_equation(account['before'])}",
        f"After: {_equation(account['after'])}",
        *(f"Requests {what}: {times}" for what, times in account["requests"].items() if times),
        f"The whole report, with the bill by customer, meter and day: {uri}",
    ]
    return "\n".join(lines)


def _equation(told: Mapping[str, Any]) -> str:
    terms = " ".join(
        f"{name} {json.dumps(said)}" if isinstance(said, Mapping) else f"{name} {said}"
        for name, said in told["all"].items()
    )
    return f"served {told['served']}{' = ' if terms else ''}{terms}"
