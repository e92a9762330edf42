"""What goes wrong on its way and is put right without a person, on the deployed template: a request
in two halves, a configuration that is no good, counters that differ from the ledger.
"""

import json
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger, hour_prefix, settled_once
from functions.operator.counter_commands.stack import find_stack
from functions.reconciliation.commands import GrantCommand
from functions.reconciliation.due_hours import TICK_MS, due_hours, newest_over
from functions.reconciliation.ledger_hours import hour_text
from functions.usage.message import to_body
from functions.usage.moment import DAY_MS, HOUR_MS, iso_from_epoch_ms
from tests.e2e.looking import billed, put_lines, start_anew, until
from tests.fakes.access_log_lines import access_line
from tests.fakes.execution_log_lines import (
    REQUEST_ID,
    authorizer_texts,
    prefixed,
    request_texts,
)
from tests.local.customers import inspect, put_limit
from tests.local.demo.depth import waiting
from tests.local.demo.outage import wait_for_replay
from tests.local.demo.stage import Stage
from tests.local.deploy import physical_ids
from tests.local.endpoints import Endpoints

pytestmark = pytest.mark.timeout(300)  # the first one starts the cloud
CONFIGURATION = "configuration/metering.json"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_a_request_in_two_deliveries_is_read_again_and_billed_once(endpoints: Endpoints) -> None:
    """Each half is quarantined; the schedule's own replay reads the whole from the log group, with
    the rights that the template gives, and empties the quarantine of both.
    """
    request_id, extended_id = str(uuid4()), f"HALF{now_ms()}="
    stream = request_id.replace("-", "")
    texts = request_texts(extended_id=extended_id, authorizer=authorizer_texts("cus_halved"))
    lines = [line.replace(REQUEST_ID, request_id) for line in prefixed(texts, request_id)]
    quarantined = Quarantined(endpoints.quarantine_bucket, stream)
    middle = len(lines) // 2
    put_lines(endpoints.execution_log_group, stream, lines[:middle])
    until(lambda: len(quarantined.names("quarantine/incomplete/")) >= 1)
    assert billed(endpoints, extended_id) == []
    put_lines(endpoints.execution_log_group, stream, lines[middle:])
    halves = until(quarantined.both)

    def has_left() -> bool:
        replay_incomplete(endpoints)
        return not quarantined.names("quarantine/incomplete/")

    until(has_left, seconds=120)
    left = quarantined.names("replayed/")
    assert {name.partition("quarantine/")[2] for name in left} == {
        name.partition("quarantine/")[2] for name in halves
    }
    until(lambda: billed(endpoints, extended_id))
    until(lambda: waiting(endpoints, "usage") == 0)
    (event,) = billed(endpoints, extended_id)
    assert event["customerId"] == "cus_halved"


class Quarantined:
    """The quarantine's objects of one log stream."""

    def __init__(self, bucket: str, stream: str) -> None:
        self._s3 = boto3.client("s3")
        self._bucket = bucket
        self._stream = stream

    def names(self, prefix: str) -> list[str]:
        page = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix)
        return [name for entry in page.get("Contents", []) if self._is_its(name := entry["Key"])]

    def both(self) -> list[str] | None:
        """The two halves, wherever the schedule has put them meanwhile."""
        names = self.names("quarantine/incomplete/") + self.names("replayed/")
        halves = {name.partition("quarantine/")[2] for name in names}
        return sorted(f"quarantine/{name}" for name in halves) if len(halves) == 2 else None

    def _is_its(self, name: str) -> bool:
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return False  # it has left since it was listed
        return bool(json.loads(body).get("logStream") == self._stream)


def replay_incomplete(endpoints: Endpoints) -> None:
    """As the deployed schedule starts it; which may be running one of its own."""
    ids = physical_ids(endpoints.stack_name)
    schedule = boto3.client("scheduler").get_schedule(
        Name=ids["IncompleteSchedule"], GroupName=ids["ScheduleGroup"]
    )
    assert schedule["Target"]["Arn"] == endpoints.state_machines["replay"]
    execution = boto3.client("stepfunctions").start_execution(
        stateMachineArn=endpoints.state_machines["replay"], input=schedule["Target"]["Input"]
    )
    wait_for_replay(Stage(), endpoints, execution["executionArn"])


@pytest.fixture
def configure(endpoints: Endpoints) -> Iterator[Callable[[str], None]]:
    """Puts a version of the configuration; a good one stands afterwards."""
    s3, bucket = boto3.client("s3"), endpoints.configuration_bucket

    def put(body: str) -> None:
        s3.put_object(Bucket=bucket, Key=CONFIGURATION, Body=body.encode())

    yield put
    put(document({}))


def document(customers: dict[str, str]) -> str:
    """The default configuration, and whose some API keys are."""
    meters = [{"id": "api_calls", "metricName": "API Calls"}]
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters, "customers": customers}
    return json.dumps({"versions": [version]})


def test_a_process_that_starts_beside_a_bad_configuration_bills_by_the_last_good_one(
    endpoints: Endpoints, configure: Callable[[str], None]
) -> None:
    """Only the last good version knows the API key, and only a new process can have read it."""
    now = now_ms()
    configure(document({f"key{now}": "cus_of_the_last_good"}))
    configure('{"versions": [')
    start_anew(endpoints.functions["metering"])
    line = access_line(
        extendedRequestId=f"BAD{now}=",
        customerId="-",
        apiKeyId=f"key{now}",
        requestTimeEpoch=str(now),
    )
    put_lines(endpoints.access_log_group, f"bad-configuration-{now}", [line])
    (event,) = until(lambda: billed(endpoints, f"BAD{now}="))
    assert event["customerId"] == "cus_of_the_last_good"


def test_a_repair_closes_an_hour_by_what_the_ledger_has(endpoints: Endpoints) -> None:
    """What was counted and is not in the ledger is taken off again; what came after the hour was
    closed is added by the next closing.
    """
    hour, customer = quiet_hour(now_ms()), f"cus_repaired_{now_ms()}"
    start_ms = hour * HOUR_MS

    def used() -> int:
        return int(inspect(endpoints.functions["reconciliation"], customer)["used"])

    allow(endpoints, customer, start_ms - DAY_MS)
    put_access_line(endpoints, customer, start_ms)
    until(lambda: used() == 1)
    settle(endpoints, customer, start_ms, quantity=7)
    until(lambda: used() == 8)
    repair(endpoints, hour)
    until(lambda: used() == 1)
    put_access_line(endpoints, customer, start_ms + 1)
    until(lambda: in_ledger(endpoints, hour, customer) == 2)
    repair(endpoints, hour)
    until(lambda: used() == 2)
    found = inspect(endpoints.functions["reconciliation"], customer)
    assert found["newestClosedHour"] == iso_from_epoch_ms(start_ms)


def quiet_hour(now: int) -> int:
    """A closable hour of today that the schedule leaves alone while a test runs."""
    due = {hour for tick in range(6) for hour in due_hours(now + tick * TICK_MS, 1)}
    newest = newest_over(now)
    return next(hour for hour in range(newest - 3, newest - 20, -1) if hour not in due)


def allow(endpoints: Endpoints, customer: str, start_ms: int) -> None:
    """A hundred calls in the two days from `start_ms`."""
    put_limit(endpoints.aforo_url, customer, 100)
    find_stack(endpoints.stack_name).send(
        GrantCommand(
            customer_id=customer,
            meter="api_calls",
            limit=100,
            start_ms=start_ms,
            end_ms=start_ms + 2 * DAY_MS,
            rate_per_second=1,
            burst=1,
            version=now_ms(),
        )
    )
    until(lambda: inspect(endpoints.functions["reconciliation"], customer)["limit"] == 100)


def put_access_line(endpoints: Endpoints, customer: str, at_ms: int) -> None:
    line = access_line(
        extendedRequestId=f"{customer}{at_ms}=", customerId=customer, requestTimeEpoch=str(at_ms)
    )
    put_lines(endpoints.access_log_group, f"repair-{customer}", [line])


def settle(endpoints: Endpoints, customer: str, at_ms: int, *, quantity: int) -> None:
    """Usage that only the counters hear of."""
    usage = {
        "key": f"apigw1-{now_ms():040}",
        "customerId": customer,
        "meter": "api_calls",
        "quantity": quantity,
        "occurredAt": iso_from_epoch_ms(at_ms),
    }
    body = to_body({"version": 1, "settled": [usage]})
    boto3.client("sqs").send_message(QueueUrl=endpoints.queues["settled"], MessageBody=body)


def repair(endpoints: Endpoints, hour: int) -> None:
    """Asked by hand, as docs/how-to/replay.md says."""
    name = physical_ids(endpoints.stack_name)["ReconciliationRepairFunction"]
    answer = boto3.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps({"hours": [hour_text(hour)]}).encode()
    )
    repaired = json.loads(answer["Payload"].read())
    assert (repaired["hours"], repaired["left"]) == (1, []), repaired


def in_ledger(endpoints: Endpoints, hour: int, customer: str) -> float:
    """Units."""
    ledger = Ledger(boto3.client("s3"), endpoints.ledger_bucket)
    rows = settled_once(ledger.read(hour_prefix(hour_text(hour)))).values()
    return sum(row["quantity"] for row in rows if row["customerId"] == customer)
