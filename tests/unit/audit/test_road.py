"""What is asked of AWS, and what an answer that does not come means."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ReadTimeoutError

from functions.audit.comparison.road import LATE_METRIC_SECONDS, Road
from functions.audit.comparison.road_state import NEVER

NOW = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/stack-UsageQueue-1"
METERING = "arn:aws:lambda:eu-west-1:123456789012:function:stack-MeteringFunction-1"
EMPTY, ONE_VISIBLE, ONE_HIDDEN, ONE_DELAYED = (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)


@dataclass
class Queue:
    """Answers one after the other; the last one stays. An exception among them is raised."""

    answers: list[Any]

    def get_queue_attributes(self, **asked: Any) -> dict[str, dict[str, str]]:
        assert asked["QueueUrl"] == URL
        found = self.answers[0]
        if len(self.answers) > 1:
            del self.answers[0]
        if isinstance(found, Exception):
            raise found
        return {
            "Attributes": dict(zip(asked["AttributeNames"], map(str, found), strict=True)),
        }


@dataclass
class CloudWatch:
    """One page, of the datapoints by metric; or what it raises."""

    values: dict[str, float] = field(default_factory=dict)
    error: Exception | None = None
    status: str = "Complete"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_paginator(self, _name: str) -> "CloudWatch":
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked.append(asked)
        if self.error:
            raise self.error
        return [{"MetricDataResults": [self._result(one) for one in asked["MetricDataQueries"]]}]

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        found = self.values.get(query["MetricStat"]["Metric"]["MetricName"])
        at = NOW - timedelta(seconds=30)
        return {
            "Id": query["Id"],
            "StatusCode": self.status,
            "Timestamps": [] if found is None else [at],
            "Values": [] if found is None else [found],
        }


def road(queue: Any, cloudwatch: Any, hold_seconds: float = 50_400) -> Road:
    made = Road.of(
        queue,
        cloudwatch,
        usage_queue_url=URL,
        metering_function_arn=METERING,
        hold_seconds=hold_seconds,
    )
    return Road(made.sqs, made.usage_queue_url, made.metrics, made.hold_seconds, lambda _: None)


def error(code: str, status: int = 400) -> ClientError:
    said: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, "Any")


@pytest.mark.parametrize(
    ("answers", "is_clear"),
    [
        ([EMPTY], True),
        ([ONE_VISIBLE], False),
        ([ONE_HIDDEN], False),
        ([ONE_DELAYED], False),
        ([EMPTY, ONE_HIDDEN], False),
        ([EMPTY, ONE_HIDDEN, EMPTY, ONE_HIDDEN], False),
        ([ONE_VISIBLE, ONE_HIDDEN, EMPTY], True),
    ],
)
def test_a_queue_is_empty_that_was_so_twice_in_a_row(answers: list[Any], *, is_clear: bool) -> None:
    """SQS's figures are approximate; a queue in use is empty now and then."""
    clear_until = road(Queue(list(answers)), CloudWatch()).clear_until(NOW)
    assert clear_until == (NOW if is_clear else NEVER)


def test_one_call_asks_for_five_figures_of_this_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by the name that CloudWatch knows."""
    monkeypatch.setenv("METRICS_NAMESPACE", "AforoMetering/stack")
    cloudwatch = CloudWatch()
    road(Queue([EMPTY]), cloudwatch).look(NOW)
    (asked,) = cloudwatch.asked
    found = {
        (
            one["MetricStat"]["Metric"]["Namespace"],
            one["MetricStat"]["Metric"]["MetricName"],
            one["MetricStat"]["Metric"]["Dimensions"][0]["Value"],
        )
        for one in asked["MetricDataQueries"]
    }
    function = "stack-MeteringFunction-1"
    assert found == {
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "stack-UsageQueue-1"),
        ("AforoMetering/stack", "OldestHeldAge", "forwarder"),
        ("AWS/Lambda", "Errors", function),
        ("AWS/Lambda", "Throttles", function),
        ("AWS/Lambda", "AsyncEventAge", function),
    }


@pytest.mark.parametrize(("hold_seconds", "wait"), [(60, 900), (50_400, 900), (604_800, 10_800)])
def test_figures_reach_back_to_the_longest_wait(hold_seconds: float, wait: int) -> None:
    """What is held has a datapoint in that time: it is tried again within it."""
    cloudwatch = CloudWatch()
    road(Queue([EMPTY]), cloudwatch, hold_seconds).look(NOW)
    (asked,) = cloudwatch.asked
    looked_back = (asked["EndTime"] - asked["StartTime"]).total_seconds()
    assert looked_back == wait + LATE_METRIC_SECONDS


def test_the_figures_decide() -> None:
    """Each is read for what it is."""
    values = {"ApproximateAgeOfOldestMessage": 10.0, "OldestHeldAge": 5_000.0}
    state = road(Queue([ONE_HIDDEN]), CloudWatch(values)).look(NOW)
    assert state.why == "usage is held since 2026-11-29T10:36:40Z"
    state = road(Queue([EMPTY]), CloudWatch({"Errors": 1.0})).look(NOW)
    assert state.why == "metering failed, and Lambda tries again"
    state = road(Queue([EMPTY]), CloudWatch({"Throttles": 1.0})).look(NOW)
    assert state.why == "metering was throttled"
    state = road(Queue([EMPTY]), CloudWatch({"AsyncEventAge": 61_000.0})).look(NOW)
    assert state.why == "deliveries wait 61 s for metering"


PASSING = [
    error("ThrottlingException"),
    error("InternalFailure", 500),
    ReadTimeoutError(endpoint_url=URL),
]
LASTING = [error("AccessDenied", 403), error("AWS.SimpleQueueService.NonExistentQueue")]


@pytest.mark.parametrize("raised", PASSING)
def test_who_does_not_answer_now_is_doubt(raised: Exception) -> None:
    """The window is looked at again in minutes."""
    assert road(Queue([raised]), CloudWatch()).look(NOW).clear_until == NEVER
    state = road(Queue([EMPTY]), CloudWatch(error=raised)).look(NOW)
    assert state.clear_until == NEVER
    assert "cannot be seen" in state.why


@pytest.mark.parametrize("raised", [*LASTING, NoCredentialsError()])
def test_who_refuses_us_raises(raised: Exception) -> None:
    """It would be doubt for ever, and nobody would know."""
    with pytest.raises(type(raised)):
        road(Queue([raised]), CloudWatch()).look(NOW)
    with pytest.raises(type(raised)):
        road(Queue([EMPTY]), CloudWatch(error=raised)).look(NOW)


def test_a_figure_that_cloudwatch_cannot_compute_is_doubt() -> None:
    """It is not the same as none."""
    state = road(Queue([EMPTY]), CloudWatch(status="InternalError")).look(NOW)
    assert state.clear_until == NEVER
    assert "does not say" in state.why
