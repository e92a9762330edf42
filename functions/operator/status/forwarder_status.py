"""What the forwarder said last of the usage that it had in hand: by its log's newest report."""

from typing import TYPE_CHECKING

from functions.adapters.telemetry import FORWARDED
from functions.operator.deployment.stack_resources import StackResources
from functions.operator.status.newest_log_lines import NewestLogLines, StampedLine
from functions.operator.status.stack_status import ForwarderStatus
from functions.usage.metric import Metric
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

# Its report of heartbeats alone has no outcomes.
_TERMS = (FORWARDED, "outcomes")
_SPANS_SECONDS = (120, 3_600, 86_400)
NO_WORK = ForwarderStatus(at=None, messages=0, stopped=None, outcomes={})


def forwarder_status(client: "CloudWatchLogsClient", resources: StackResources) -> ForwarderStatus:
    """`NO_WORK` where it had none for a day."""
    log_group = resources.physical_id("ForwarderLogGroup")
    lines = NewestLogLines(client).of(log_group, _TERMS, _SPANS_SECONDS)
    reports = [line for line in lines if line.fields.get("message") == FORWARDED]
    return _status(max(reports, key=lambda line: line.at_ms)) if reports else NO_WORK


def _status(line: StampedLine) -> ForwarderStatus:
    said = line.fields
    return ForwarderStatus(
        at=iso_from_epoch_ms(line.at_ms),
        messages=said.get("messages", 0),
        stopped=said.get("stopped"),
        outcomes=said.get("outcomes", {}),
        oldest_held_seconds=said.get(Metric.OLDEST_HELD_AGE.value),
    )
