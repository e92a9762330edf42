"""Is everything that was served before a moment at its end: at Aforo, set aside, or kept? Asked are
UsageQueue and CloudWatch; the moment and the reason in words leave.

A window that ended later is *held* rather than *unaccounted*, and is not metered again. Neither
answer can do harm. Called clear too early, a request that is under way is metered a second time,
and its keys make that one event at Aforo, in the ledger and in the counters. Called clear too late,
the window is looked at again in minutes. What no figure shows: messages that kill the forwarder
more than three times, and what CloudWatch Logs has not delivered yet, for which the audit waits.

A look is one call of GetMetricData and some of GetQueueAttributes. In the local cloud, without
metrics, the queue alone answers. Who does not answer now is doubt; who refuses us raises, since it
would be doubt for ever.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from functions.audit.comparison.road_figures import RoadMetrics
from functions.audit.comparison.road_state import NEVER, RECENT_SECONDS, RoadState, road_state
from functions.usage.errors import Retryable
from functions.usage.metric import namespace

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

# SQS's figures are approximate: empty twice in a row is empty. A queue in use is so now and then.
LOOKS = 5
EMPTY_LOOKS = 2
PAUSE_SECONDS = 0.1
# What the forwarder holds comes back within 15 minutes, or within a 56th of a longer hold
# (functions.forwarder.holding); its metric is there a minute or two later.
LONGEST_WAIT_SECONDS = 900
WAITS_IN_A_HOLD = 56
LATE_METRIC_SECONDS = 120
_SERVER_ERROR = 500
_THROTTLED = {"ThrottlingException", "Throttling", "RequestThrottled", "ThrottledException"}
_COUNTS: list["QueueAttributeNameType"] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


@dataclass(frozen=True, slots=True)
class Road:
    """From metering to the ledger, as it can be seen from outside."""

    sqs: "SQSClient"
    usage_queue_url: str
    metrics: RoadMetrics
    hold_seconds: float
    pause: Callable[[float], None] = time.sleep

    @classmethod
    def of(
        cls,
        sqs: "SQSClient",
        cloudwatch: "CloudWatchClient",
        *,
        usage_queue_url: str,
        metering_function_arn: str,
        hold_seconds: float,
    ) -> Self:
        """This stack's: CloudWatch knows its queue and its function by their names."""
        queue, function = usage_queue_url.rpartition("/")[2], metering_function_arn.split(":")[6]
        metrics = RoadMetrics(cloudwatch, namespace(), queue, function)
        return cls(sqs, usage_queue_url, metrics, hold_seconds)

    def clear_until(self, now: datetime) -> datetime:
        """Everything that was served before is at its end. Asked once an invocation."""
        return self.look(now).clear_until

    def look(self, now: datetime) -> RoadState:
        """The same, and why."""
        try:
            # The queue first: what leaves it between the two is at its end.
            is_empty = self._is_empty()
            figures = self.metrics.figures(now, self._looked_back())
        except Retryable as error:
            return RoadState(NEVER, str(error))
        except (BotoCoreError, ClientError) as error:
            if not _may_pass(error):
                raise
            return RoadState(NEVER, f"the road cannot be seen: {error}")
        return road_state(now, figures, is_queue_empty=is_empty)

    def _is_empty(self) -> bool:
        empty = 0
        for look in range(LOOKS):
            if look:
                self.pause(PAUSE_SECONDS)
            answer = self.sqs.get_queue_attributes(
                QueueUrl=self.usage_queue_url, AttributeNames=_COUNTS
            )
            counts = answer["Attributes"]
            empty = 0 if any(int(counts[name]) for name in _COUNTS) else empty + 1
            if empty == EMPTY_LOOKS:
                return True
        return False

    def _looked_back(self) -> timedelta:
        wait = max(LONGEST_WAIT_SECONDS, self.hold_seconds / WAITS_IN_A_HOLD)
        return timedelta(seconds=max(RECENT_SECONDS, wait + LATE_METRIC_SECONDS))


def _may_pass(error: BotoCoreError | ClientError) -> bool:
    if not isinstance(error, ClientError):
        return isinstance(error, HTTPClientError | NoConnection)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERROR or error.response["Error"]["Code"] in _THROTTLED
