"""The figures that the local cloud does not measure by itself."""

from typing import Any, cast

from tests.local.dashboard.log_figures import EVENT_BYTES, LogEvent, figures_of
from tests.local.dashboard.queue_samples import QueueSamples
from tests.local.metric_series import Point, series_of

REPORT = "REPORT RequestId: 6c28\tDuration: 91.5 ms\tBilled Duration: 92 ms\tMemory Size: 512 MB"
COUNTED = (
    '{"_aws":{"Timestamp":7,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["service"]],'
    '"Metrics":[{"Name":"Posts","Unit":"Count"}]}]},"service":"forwarder","Posts":2}'
)


def test_a_log_group_tells_metrics_runs_and_bytes() -> None:
    """Each line costs 26 bytes more than it is long."""
    events = [LogEvent(1, REPORT), LogEvent(2, "é"), LogEvent(3, COUNTED)]
    found = figures_of("/group", "forwarder-1", events)
    assert found[series_of("N", "Posts", service="forwarder")] == [Point(7, 2)]
    by = {"FunctionName": "forwarder-1"}
    assert found[series_of("AWS/Lambda", "Duration", **by)] == [Point(1, 91.5)]
    assert found[series_of("AWS/Lambda", "Invocations", **by)] == [Point(1, 1)]
    sizes = found[series_of("AWS/Logs", "IncomingBytes", LogGroupName="/group")]
    assert sizes[:2] == [Point(1, len(REPORT) + EVENT_BYTES), Point(2, 2 + EVENT_BYTES)]


def test_the_runs_of_a_shared_group_are_nobody_s() -> None:
    """Its lines do not say which function ran."""
    assert "AWS/Lambda" not in {
        one.namespace for one in figures_of("/g", "", [LogEvent(1, REPORT)])
    }


class OneQueue:
    """SQS with one queue, whose depths a test sets."""

    def __init__(self) -> None:
        self.visible, self.hidden = 0, 0

    def get_queue_attributes(self, **asked: Any) -> dict[str, Any]:
        depths = (str(self.visible), str(self.hidden), "0")
        return {"Attributes": dict(zip(asked["AttributeNames"], depths, strict=True))}


def test_a_queue_is_as_old_as_the_time_since_it_was_empty() -> None:
    """Its depth is what can be received; what is being worked on has an age, too."""
    queue, now = OneQueue(), iter((0, 10_000, 20_000, 30_000))
    samples = QueueSamples(cast("Any", queue), ("https://sqs/1/usage",), lambda: next(now))
    for queue.visible, queue.hidden in ((0, 0), (3, 0), (0, 3), (0, 0)):
        samples.look()
    depth = series_of("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName="usage")
    age = series_of("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName="usage")
    assert [point.value for point in samples.found[depth]] == [0, 3, 0, 0]
    assert [point.value for point in samples.found[age]] == [0, 10, 20, 0]
