"""`aforo-metering audit start | follow | stop | list`: a past range of the logs compared with the
ledger, and what is missing metered again, by the audit's state machine.

Exit status 0: all of it was looked at, and each request is accounted for; 1: something remains, or
it did not come to its end; 2: it was not begun.
"""

import json
import sys
import time
from typing import Annotated

from cyclopts import Parameter

from functions.operator.audits.asked_range import ANY_TIME, AskedRange
from functions.operator.audits.audit_order_input import THE_LAST_WINDOW, AuditOptions
from functions.operator.audits.audit_progress_lines import progress_lines
from functions.operator.audits.audit_result import found_result
from functions.operator.audits.report_forms import write_report
from functions.operator.deployment.deployment import Deployment
from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.executions.machine_runs import MachineRuns, RunKind, name_of
from functions.operator.executions.run_printing import list_runs, stop_run, told_start, watched
from functions.operator.plain_option import PLAIN
from functions.operator.readable import readable
from functions.operator.rows import RowFormat
from functions.usage.errors import Permanent

AUDIT = RunKind("audit", "an audit", "AuditStateMachineArn")

type ReportForm = Annotated[
    RowFormat, Parameter(name="--format", help="of the report; csv is its bill")
]


def start(
    *,
    options: AuditOptions = THE_LAST_WINDOW,
    asked: AskedRange = ANY_TIME,
    yes: Annotated[
        bool, PLAIN, Parameter(help="start it though it may bill what is older than a day")
    ] = False,
    name: Annotated[str | None, Parameter(help="the audit's id; without it: made of now")] = None,
    follow: Annotated[
        bool, Parameter(name="--follow", negative="--no-follow", help="wait for the report")
    ] = True,
    form: ReportForm = "table",
    place: Place = HERE,
) -> int:
    """Start it, and follow it to its report."""
    times = asked.times()
    fields = options.fields(times)
    why = options.why_ask(times, time.time_ns() // 1_000_000)
    if why and not yes:
        raise Permanent(f"--yes: {why}: look first, with --dry-run; then start it with --yes")
    deployment = find_deployment(place)
    runs = MachineRuns(deployment, AUDIT)
    arn = told_start(runs, name or AUDIT.name_now(), json.dumps(fields))
    return _followed(deployment, runs, arn, form, place) if follow else 0


def follow_one(
    audit: Annotated[str | None, Parameter(help="an audit's id; without it: the newest")] = None,
    /,
    *,
    form: ReportForm = "table",
    place: Place = HERE,
) -> int:
    """Follow one that runs, or read how one ended."""
    deployment = find_deployment(place)
    runs = MachineRuns(deployment, AUDIT)
    return _followed(deployment, runs, runs.arn_of(audit), form, place)


def stop(
    audit: Annotated[str, Parameter(help="an audit's id")],
    /,
    *,
    why: Annotated[str, Parameter(help="the execution keeps it")] = "stopped by an operator",
    place: Place = HERE,
) -> int:
    """What was metered again stays so, and is billed once."""
    return stop_run(MachineRuns(find_deployment(place), AUDIT), audit, why)


def list_them(
    *,
    last: Annotated[int, Parameter(help="how many, newest first")] = 20,
    form: Annotated[RowFormat, Parameter(name="--format", help="of the rows")] = "table",
    place: Place = HERE,
) -> int:
    """The last audits, with their status; those that the count started, too."""
    return list_runs(MachineRuns(find_deployment(place), AUDIT), last, form)


def _followed(
    deployment: Deployment, runs: MachineRuns, arn: str, form: RowFormat, place: Place
) -> int:
    if not watched(runs, arn, progress_lines(runs, arn), place):
        return 1
    end = runs.end_of(arn)
    found = found_result(deployment, name_of(arn), end)
    if found.shortened:
        told = f"audit: {found.place} cannot be read: {found.shortened}"
        sys.stderr.write(f"{told}{': what the execution tells of it' * bool(found.report)}\n")
    if found.report:
        write_report(found, sys.stdout, form)
    elif form == "json":
        sys.stdout.write(f"{json.dumps(end.failure(), indent=2)}\n")
    else:
        (sys.stderr if form == "csv" else sys.stdout).write(readable(end.failure()))
    return 0 if end.is_success and found.is_closed else 1
