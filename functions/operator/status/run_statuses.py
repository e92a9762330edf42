"""The last run of a state machine, with the counts of its report."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from functions.operator.deployment.deployment import Deployment
from functions.operator.status.stack_status import RunStatus
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

# Parts of a report that are lists of what was found, or tell the order again.
_COUNTED = ("messages", "events", "requests", "windows")
# An hour of a schedule of five minutes; a call of some 30 ms for each.
_LOOKED_AT = 12
_NOTHING_TO_DO = "nothing_to_replay"
_SAID = ("outcome", "trouble", "dryRun")


def last_run(client: "SFNClient", found: Deployment, output: str) -> RunStatus | None:
    """`output` names the state machine. Schedules start runs that find nothing to do: the last one
    that had something to do, if it is among the newest, else the newest. None where none was
    started.
    """
    listed = client.list_executions(stateMachineArn=found.output(output), maxResults=_LOOKED_AT)[
        "executions"
    ]
    newest: RunStatus | None = None
    for one in listed:
        run = _status(client, one)
        if run.summary.get("outcome") != _NOTHING_TO_DO:
            return run
        newest = newest or run
    return newest


def _status(client: "SFNClient", run: "ExecutionListItemTypeDef") -> RunStatus:
    stopped = run.get("stopDate")
    return RunStatus(
        name=run["name"],
        status=run["status"],
        started_at=_iso(run["startDate"]),
        stopped_at=_iso(stopped) if stopped else None,
        summary=_summary(client, run["executionArn"]) if stopped else {},
    )


def _summary(client: "SFNClient", arn: str) -> dict[str, object]:
    found = client.describe_execution(executionArn=arn)
    if error := found.get("error"):
        return {"error": error, "cause": found.get("cause", "")}
    output = json.loads(found.get("output", "{}"))
    return dict(_figures(output)) if isinstance(output, Mapping) else {}


def _figures(output: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Words and counts; a count of nothing is left out."""
    report = output.get("report")
    report = report if isinstance(report, Mapping) else {}
    for name in _SAID:
        if said := report.get(name, output.get(name)):
            yield name, said
    after = report.get("after")
    equation = after.get("all") if isinstance(after, Mapping) else None
    for name, section in (("after", equation), *((name, report.get(name)) for name in _COUNTED)):
        for key, count in section.items() if isinstance(section, Mapping) else ():
            if isinstance(count, int) and count:
                yield f"{name}.{key}", count


def _iso(moment: "datetime") -> str:
    return iso_from_epoch_ms(int(moment.timestamp() * 1000))
