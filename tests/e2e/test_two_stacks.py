"""A second stack beside the first, in one account and Region: what one suffers the other never
sees, and a dead one is seen beside a living one.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import boto3
import pytest

from functions.usage.metric import NAMESPACE, Metric
from tests.e2e.looking import put_lines, until
from tests.fakes.access_log_lines import access_line
from tests.local import deploy
from tests.local.alarm_state import state_at
from tests.local.deploy import physical_ids
from tests.local.endpoints import Endpoints
from tests.local.free_port import free_port
from tests.local.metric_series import Point, Series, read_series, series_of

pytestmark = pytest.mark.timeout(300)  # the first one starts the cloud
MINUTES = 5
# Of the alarms that ring for usage which is not billed.
TROUBLE = (Metric.REQUESTS_QUARANTINED, Metric.LINES_UNFIT, Metric.EVENTS_HELD)
DEPTHS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
QUEUES = ("UsageQueue", "UsageDeadLetterQueue", "SettledUsageQueue", "CounterDeadLetterQueue")


class Stack:
    """What one of the two is made of, and what it shows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ids = physical_ids(name)

    def series(self, since_ms: int | None = None) -> dict[Series, list[Point]]:
        """Of all metrics in the logs of its functions: since a time, or of the minutes that alarms
        look at.
        """
        groups = physical_ids(self.name, "AWS::Logs::LogGroup")
        logs, since = boto3.client("logs"), since_ms or int((time.time() - 60 * MINUTES) * 1000)
        lines = [
            event["message"]
            for name, group in groups.items()
            if not name.startswith("Demo")
            for event in logs.filter_log_events(logGroupName=group, startTime=since)["events"]
        ]
        return read_series(lines)

    def total(self, metric: Metric, service: str, since_ms: int) -> float:
        """The sum of a count since then, as this stack's alarm sees it among the series of both."""
        own = series_of(f"{NAMESPACE}/{self.name}", metric, service=service)
        return sum(point.value for point in self.series(since_ms).get(own, []))

    def state(self, alarm: str, series: Mapping[Series, list[Point]]) -> str:
        """Of one of its alarms, among the series of the whole account."""
        client = boto3.client("cloudwatch")
        (found,) = client.describe_alarms(AlarmNames=[self.ids[alarm]])["MetricAlarms"]
        return state_at(found, series, int(time.time() * 1000))

    def depths(self) -> dict[str, int]:
        """Messages in its queues: visible, hidden and delayed."""
        client, found = boto3.client("sqs"), {}
        for queue in QUEUES:
            said = client.get_queue_attributes(QueueUrl=self.ids[queue], AttributeNames=["All"])
            counts = (said["Attributes"][name] for name in DEPTHS)
            found[queue] = sum(map(int, counts))
        return found

    def calm(self) -> dict[str, int] | None:
        """Its depths, when nothing is on the road; a heartbeat is, each minute."""
        found = self.depths()
        return None if found["UsageQueue"] or found["SettledUsageQueue"] else found


@pytest.fixture(scope="module")
def living(endpoints: Endpoints) -> Stack:
    """The cloud's own, with all that it needs."""
    return Stack(endpoints.stack_name)


@pytest.fixture(scope="module")
def troubled(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its name begins as the other's. It finds neither Redis nor Aforo."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    name = f"{endpoints.stack_name}-troubled"
    deploy.deploy(
        name,
        {
            "Architecture": deploy.architecture(),
            "AuthorizerDeployment": "AllAtOnce",  # as the other's: the emulator has no CodeDeploy
            "AforoTenantId": endpoints.tenant_id,
            "AforoEnvironment": "sandbox",
            "AforoBaseUrl": nowhere,
            "AforoJwksUrl": f"{nowhere}/jwks.json",
            "AforoAllowedHosts": "127.0.0.1",
            "RedisUrl": f"redis://127.0.0.1:{free_port()}/0",
            "DemoApi": "true",
            "ForwarderConcurrency": "2",
        },
        endpoints.aws_environment,
        Path(tmp_path_factory.mktemp("troubled")) / "sam.log",
    )
    yield Stack(name)
    boto3.client("cloudformation").delete_stack(StackName=name)


def test_nothing_is_one_resource_of_both(living: Stack, troubled: Stack) -> None:
    """By name or ARN, as deployed."""
    assert living.ids.keys() == troubled.ids.keys()
    shared = set(living.ids.values()) & set(troubled.ids.values())
    assert shared == set(physical_ids(living.name, "AWS::ApiGateway::Stage").values())  # of an API


def test_trouble_of_one_is_no_trouble_of_the_other(living: Stack, troubled: Stack) -> None:
    """Lines that nobody understands, and an Aforo that does not answer: no metric, no alarm and no
    queue of the other changes.
    """
    queues = until(living.calm)
    # Of tests before this one it may have had trouble of its own.
    begun_ms = int(time.time() * 1000)
    line = access_line(extendedRequestId=f"TROUBLE{begun_ms}=", requestTimeEpoch=str(begun_ms))
    put_lines(troubled.ids["DemoAccessLogGroup"], "trouble", [line, '{"v":"1"}', "not a line"])
    until(lambda: all(troubled.total(metric, _service(metric), begun_ms) for metric in TROUBLE))
    assert troubled.depths()["UsageQueue"] >= 1
    series = living.series() | troubled.series()
    assert troubled.state("QuarantinedRequestsAlarm", series) == "ALARM"
    assert not any(living.total(metric, _service(metric), begun_ms) for metric in TROUBLE)
    assert until(living.calm) == queues
    for stack in (living, troubled):
        assert {one.namespace for one in stack.series()} == {f"{NAMESPACE}/{stack.name}"}


def test_a_dead_stack_is_seen_beside_a_living_one(living: Stack, troubled: Stack) -> None:
    """Its counters are away: nobody can tell how old its heartbeat is, and that rings."""
    age = series_of(f"{NAMESPACE}/{living.name}", Metric.HEARTBEAT_AGE, service="reconciliation")
    until(lambda: age in living.series(), seconds=150)
    series = living.series() | troubled.series()
    assert living.state("HeartbeatLateAlarm", series) == "OK"
    assert troubled.state("HeartbeatLateAlarm", series) == "ALARM"


def _service(metric: Metric) -> str:
    return "forwarder" if metric is Metric.EVENTS_HELD else "metering"
