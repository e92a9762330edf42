"""The newest execution of a state machine comes in; what it reports leaves, read once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from functions.audit.equation import Equation
from functions.operator.audits.audit_result import found_result
from functions.operator.deployment.deployment import Deployment
from functions.operator.executions.machine_runs import MachineRuns, RunEnd
from functions.operator.readable import Fields, readable
from functions.usage.errors import UsageError
from tests.local.page.glance import RunReport

type Facts = tuple[tuple[str, str], ...]
type Report = tuple[Facts, str]
type ReadReport = Callable[[str, RunEnd], Report]

OVER = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}
# Schedules start one each five minutes and more; most find nothing to do, and are no news.
LOOKED_AT = 20


@dataclass
class LastRun:
    """Of one state machine. An execution that is over is asked about once."""

    runs: MachineRuns
    read: ReadReport
    _known: dict[str, RunReport] = field(default_factory=dict)
    _quiet: set[str] = field(default_factory=set)

    def look(self) -> RunReport | None:
        """None: none that did anything was started lately."""
        for row in self.runs.rows(LOOKED_AT):
            name, status = str(row[self.runs.kind.id_column]), str(row["status"])
            known = self._known.get(name)
            if name in self._quiet or (known and known.status == status):
                found = known
            else:
                found = self._read(name, status, str(row["startedAt"]))
            if found:
                self._known = {name: found}
                return found
        return None

    def _read(self, name: str, status: str, started_at: str) -> RunReport | None:
        """None for one of a schedule that found nothing to do."""
        if status not in OVER:
            return RunReport(name, status, started_at)
        try:
            end = self.runs.end_of(self.runs.arn_of(name))
        except UsageError as error:  # its input was refused: the error says which field
            return RunReport(name, status, started_at, (("refused", str(error)),))
        if _was_quiet(end):
            self._quiet.add(name)
            return None
        return RunReport(name, status, started_at, *self.read(name, end))


def replay_report(_name: str, end: RunEnd) -> Report:
    """The figures that say whether a person is still needed, and the whole report."""
    report = end.output.get("report")
    if not end.is_success or not isinstance(report, dict):
        return _without_report(end)
    messages, events = report["messages"], report["events"]
    facts = {
        "kind": "dry run: what would be done" if report["dryRun"] else "for real",
        "source": report["source"],
        "messages": messages["waitingAtStart"],
        "moved": messages["moved"],
        **{_words(name): count for name, count in events.items()},
        "messages now": messages["waitingNow"],
        "trouble": report["trouble"] or "none",
    }
    return _said(facts), readable(end.output)


def audit_report(deployment: Deployment) -> ReadReport:
    """Of an audit: its equation at the end."""

    def read(name: str, end: RunEnd) -> Report:
        report = found_result(deployment, name, end).report
        if not report:
            return _without_report(end)
        after = Equation.model_validate(report["after"]["all"])
        facts = {
            "from": report["from"],
            "to": report["to"],
            "windows looked at": report["windows"]["lookedAt"],
            "served": after.served,
            **{_words(term.value): times for term, times in after.totals().items()},
            "trouble": report["trouble"] or "none",
        }
        return _said(facts), readable(report)

    return read


def _was_quiet(end: RunEnd) -> bool:
    order = end.output.get("order")
    return isinstance(order, dict) and bool(order.get("quiet")) and "report" not in end.output


def _without_report(end: RunEnd) -> Report:
    found: Fields = end.output if end.is_success else end.failure()
    plain = {name: value for name, value in found.items() if isinstance(value, str | int)}
    return _said(plain), readable(found)


def _said(facts: Fields) -> Facts:
    return tuple((name, _figure(value)) for name, value in facts.items())


def _figure(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _words(name: str) -> str:
    """A name of the report, `stillFailing`, as a person writes it."""
    return "".join(_apart(name))


def _apart(name: str) -> Iterator[str]:
    for letter in name:
        yield f" {letter.lower()}" if letter.isupper() else letter
