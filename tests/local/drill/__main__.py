"""`make drill`: practise an alarm on a running local cloud.

Causes one incident for real, with calls through the local gateway, and says what an engineer on
call would get: the alarm. `--check` says afterwards whether it is resolved. Exit status of a check:
0 it is, 1 it is not.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.local.drill.before import Before, before
from tests.local.drill.drill_calls import call_each
from tests.local.drill.drill_check import Finding, check, on_its_way
from tests.local.drill.drill_record import DrillRecord, read_record
from tests.local.drill.incident import Incident
from tests.local.drill.incidents import INCIDENTS
from tests.local.drill.ringing import end, ring
from tests.local.endpoints import LOCAL, Endpoints, NotRunningError, read_endpoints
from tests.local.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

CALLS = 4  # of each customer, before and during
SETTLED_SECONDS = 60.0  # what was on its way when the drill began


class DrillError(RuntimeError):
    """It cannot begin, or there is nothing to check."""


def begin(directory: Path, endpoints: Endpoints, incident: Incident) -> "MetricAlarmTypeDef":
    """Cause it; the alarm as it rings. DrillError where another is not resolved."""
    last = read_record(directory, endpoints)
    if last and last.resolved is None:
        raise DrillError(
            f"{last.name} is not resolved: `make drill CHECK={last.name}` says what is left, "
            "`make local REPLACE=1` gives it up"
        )
    was = before(endpoints)
    call_each(endpoints, CALLS)
    _wait_until_billed(endpoints, was)
    record = DrillRecord(incident.name, endpoints.gateway_url, was, time.time())
    record.write(directory)
    incident.cause(endpoints)
    call_each(endpoints, CALLS)
    alarm = ring(endpoints, incident.alarm, incident.figure(endpoints))
    replace(record, rang=time.time()).write(directory)
    return alarm


def checked(directory: Path, endpoints: Endpoints, incident: Incident) -> tuple[list[Finding], str]:
    """The findings, and how long it has taken; once it is resolved the alarm ends."""
    record = read_record(directory, endpoints)
    if record is None or record.name != incident.name:
        raise DrillError(f"{incident.name} was not begun here: `make drill NAME={incident.name}`")
    asked = time.time()
    findings = check(endpoints, incident, record.before)
    if all(one.holds for one in findings) and record.resolved is None:
        end(endpoints, incident.alarm)
        record = replace(record, resolved=asked)
        record.write(directory)
    return findings, record.lasted(asked)


def _wait_until_billed(endpoints: Endpoints, was: Before) -> None:
    try:
        until(lambda: not on_its_way(endpoints, was), SETTLED_SECONDS, every=0.5)
    except TimeoutError:
        seen = ", ".join(f"{one.what}: {one.seen}" for one in on_its_way(endpoints, was))
        raise DrillError(f"there is something to put right already ({seen})") from None


def _tell_alarm(alarm: "MetricAlarmTypeDef") -> None:
    print(f"ALARM: {alarm['AlarmName']}\n")
    print(alarm["AlarmDescription"])
    print(f"\n{alarm['StateReason']}")


def _tell_check(findings: list[Finding], lasted: str) -> int:
    for one in findings:
        print(f"  {'ok' if one.holds else 'NO':<4}{one.what}: {one.seen}")
    if all(one.holds for one in findings):
        print(f"\nresolved, {lasted}")
        return 0
    print(f"\nnot resolved, {lasted}")
    return 1


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.list or not (options.check or options.name):
            for one in INCIDENTS.values():
                print(f"{one.name:<16}{one.alarm}")
            return 0
        endpoints = read_endpoints(options.directory)
        os.environ.update(endpoints.aws_environment)
        if options.check:
            findings, lasted = checked(options.directory, endpoints, INCIDENTS[options.check])
            return _tell_check(findings, lasted)
        print("somebody changes something; wait for the alarm ...", flush=True)
        _tell_alarm(begin(options.directory, endpoints, INCIDENTS[options.name]))
    except (DrillError, NotRunningError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("name", nargs="?", choices=INCIDENTS, help="cause this one")
    parser.add_argument("--list", action="store_true", help="what can be practised")
    parser.add_argument("--check", choices=INCIDENTS, help="is it resolved?")
    parser.add_argument("--directory", type=Path, default=LOCAL, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
