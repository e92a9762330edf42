"""The whole walk on the deployed template: HTTP in, Aforo's book and the counters out.

The tests share one cloud and one book, so each looks at its own requests only.
"""

import json
import time
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from functions.operator.command_line import main
from functions.operator.verify.following import Follower
from functions.operator.verify.target import local_target
from functions.usage.event import RequestIdentity
from functions.usage.message import to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.e2e.looking import ARRIVAL_SECONDS, answered, billed, replay_of, until
from tests.fakes.access_log_lines import access_line, subscription_payload
from tests.local import waiting as waiting_for
from tests.local.customers import inspect
from tests.local.demo.accounting import billed_events, ledger_rows
from tests.local.demo.depth import waiting
from tests.local.demo.forger import forge
from tests.local.demo.outage import (
    alarm_state,
    bring_aforo_back,
    start_replay,
    take_aforo_down,
    wait_for_replay,
)
from tests.local.demo.stage import Stage
from tests.local.endpoints import Endpoints

pytestmark = pytest.mark.timeout(300)  # the first one starts the cloud


def call(
    endpoints: Endpoints, path: str, headers: Any = None, method: str = "GET"
) -> httpx.Response:
    url = endpoints.api_url + path
    return answered(
        lambda: httpx.request(method, url, headers=headers, timeout=40, trust_env=False)
    )


def set_aside(endpoints: Endpoints, customer_id: str) -> set[str]:
    """The keys of a customer's events that the ledger has as set aside, now or before."""
    return {
        row["key"]
        for row in ledger_rows(endpoints)
        if row["customerId"] == customer_id and row["outcome"] == "set_aside"
    }


def test_answers_by_hand(endpoints: Endpoints) -> None:
    """200 for a good credential, 401 with a reason for none and a bad one."""
    token, api_key, _ = endpoints.customers
    assert call(endpoints, "/pets", token.headers).json()["customer"] == token.customer_id
    assert call(endpoints, "/pets/3", api_key.headers).status_code == 200
    for headers in (None, {"Authorization": "Bearer demo_unknown"}):
        refused = call(endpoints, "/pets", headers)
        assert refused.status_code == 401
        assert refused.json()["error"]["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("stage", [None, "zerotouch"])
def test_one_request_is_billed_once_and_counted(
    endpoints: Endpoints, tmp_path: Path, stage: str | None
) -> None:
    """Every hop of `make verify`, and the event that Aforo got: by the access log, and by the
    execution log of a stage that nobody touched.
    """
    endpoints.write(tmp_path)
    customer = endpoints.customers[0]
    target = local_target(tmp_path / "endpoints.json", customer.customer_id, stage, "/pets")
    follower = Follower(target, wait_seconds=ARRIVAL_SECONDS, meter="api_calls")
    hops = list(follower.hops())
    assert [hop.name for hop in hops] == [
        "answered",
        "in the log",
        "metered",
        "queued",
        "confirmed",
        "in the ledger",
        "counted",
    ]
    extended_id = hops[0].detail.rpartition(" ")[2]
    (event,) = billed(endpoints, extended_id)
    assert event["customerId"] == customer.customer_id
    assert event["idempotencyKey"] == follower.key
    assert event["metadata"]["path"] == "/pets"


def test_a_request_is_traced_from_its_line_to_the_counter(
    endpoints: Endpoints, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the id that its answer carries: every place that must know of it does."""
    endpoints.write(tmp_path)
    file = tmp_path / "endpoints.json"
    customer = endpoints.customers[0]
    answer = call(endpoints, "/pets/7", customer.headers)
    assert answer.status_code == 200
    # Behind an equals sign: one in 64 begins with a dash.
    words = ["trace", f"--extended-request-id={answer.headers['x-amz-apigw-id']}"]
    words += ["--format", "json"]

    said = ""

    def traced() -> dict[str, Any] | None:
        nonlocal said
        main([*words, "--endpoints", str(file)])
        out, err = capsys.readouterr()
        said = out or err
        found = [json.loads(line) for line in out.splitlines()]
        is_counted = "by its mark" in said and "billed once" in said
        return found[0] if is_counted else None

    found = waiting_for.until(traced, ARRIVAL_SECONDS, every=0.3, what=lambda: said)
    assert found["verdict"].startswith(f"billed once to {customer.customer_id}: 1 api_calls, ")
    assert found["differs"] == []
    for place in ("log", "metering", "configuration", "ledger", "counters"):
        assert isinstance(found["road"][place], list), place
    (row,) = found["road"]["ledger"]
    assert all(seconds >= 0 for seconds in row["secondsAfter"].values())
    assert [line["logGroup"] for line in found["road"]["log"]] != []


def test_a_request_id_that_the_client_sets_does_not_merge_its_requests(
    endpoints: Endpoints,
) -> None:
    """Three calls under one x-amzn-RequestId are three bills."""
    headers = {
        **endpoints.customers[1].headers,
        "x-amzn-RequestId": "7f0c2c1e-0000-4000-8000-00000000e2e0",
    }
    ids = [call(endpoints, "/pets", headers).headers["x-amz-apigw-id"] for _ in range(3)]
    until(lambda: len(billed(endpoints, *ids)) == 3)
    assert len({event["idempotencyKey"] for event in billed(endpoints, *ids)}) == 3


def test_what_a_client_writes_into_an_execution_log_bills_itself(endpoints: Endpoints) -> None:
    """Forged lines in headers, query, path and body, all under one request id."""
    forgery = forge(endpoints, lambda _: None)
    assert forgery.refused == 1
    until(lambda: len(billed(endpoints, *forgery.served)) == len(forgery.served))
    everything = billed_events(endpoints)
    assert forgery.billed_to(everything) == {forgery.forger: len(forgery.served)}


def test_health_checks_refusals_and_unknown_paths_are_not_billed(endpoints: Endpoints) -> None:
    """What comes after them is, so they had their time."""
    free = [
        call(endpoints, "/health").headers["x-amz-apigw-id"],
        call(endpoints, "/pets").headers["x-amz-apigw-id"],
        call(endpoints, "/nowhere", endpoints.customers[0].headers).headers["x-amz-apigw-id"],
    ]
    paid = call(endpoints, "/broken", endpoints.customers[0].headers)
    assert paid.status_code == 503
    until(lambda: billed(endpoints, paid.headers["x-amz-apigw-id"]))
    time.sleep(2)
    assert billed(endpoints, *free) == []


def test_lines_that_any_client_puts_into_the_log_group_are_metered(endpoints: Endpoints) -> None:
    """The log group is the source, whoever wrote to it; a line delivered twice is billed once."""
    now = time.time_ns() // 1_000_000
    line = access_line(
        extendedRequestId=f"E2E{now}=", customerId="cus_put_by_hand", requestTimeEpoch=str(now)
    )
    logs = boto3.client("logs")
    group, stream = endpoints.access_log_group, f"by-hand-{now}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    for _ in range(2):
        logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": now, "message": line}],
        )
    until(lambda: billed(endpoints, f"E2E{now}="))
    until(lambda: waiting(endpoints, "usage") == 0)
    (event,) = billed(endpoints, f"E2E{now}=")
    assert event["customerId"] == "cus_put_by_hand"
    facts = json.loads(line)
    identity = RequestIdentity(
        facts["accountId"], endpoints.region, facts["apiId"], facts["stage"], f"E2E{now}="
    )
    assert event["idempotencyKey"] == identity.event_key("api_calls")


def test_a_line_that_cannot_be_billed_is_kept_with_its_reason(endpoints: Endpoints) -> None:
    """No customer: in the quarantine, not at anybody's expense."""
    now = time.time_ns() // 1_000_000
    line = access_line(
        extendedRequestId=f"Q{now}=", customerId="-", apiKeyId="-", requestTimeEpoch=str(now)
    )
    logs = boto3.client("logs")
    group, stream = endpoints.access_log_group, f"quarantine-{now}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    logs.put_log_events(
        logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": now, "message": line}]
    )
    s3 = boto3.client("s3")

    def kept() -> list[dict[str, Any]]:
        page = s3.list_objects_v2(
            Bucket=endpoints.quarantine_bucket, Prefix="quarantine/no_customer/"
        )
        bodies = (
            s3.get_object(Bucket=endpoints.quarantine_bucket, Key=entry["Key"])["Body"].read()
            for entry in page.get("Contents", [])
        )
        return [found for found in map(json.loads, bodies) if found["logStream"] == stream]

    (found,) = until(kept)
    assert found["reason"] == "no_customer"
    assert [event["message"] for event in found["logEvents"]] == [line]


def test_an_outage_ends_in_the_dead_letter_queue_and_a_replay_bills_it(
    endpoints: Endpoints,
) -> None:
    """Down past the hold: set aside, the alarm fires. Back: the replay bills each request once,
    and the same replay again changes nothing.
    """
    stage, customer = Stage(), endpoints.customers[0]
    used_before = inspect(endpoints.functions["reconciliation"], customer.customer_id)["used"]
    alarm = endpoints.alarms["UsageDeadLetterAlarm"]
    set_aside_before = set_aside(endpoints, customer.customer_id)
    take_aforo_down(endpoints)
    try:
        ids = [
            call(endpoints, "/pets", customer.headers).headers["x-amz-apigw-id"] for _ in range(5)
        ]
        # Not until UsageQueue is empty: heartbeats stay there for as long as Aforo is away.
        until(
            lambda: (
                len(set_aside(endpoints, customer.customer_id) - set_aside_before) == 5
                and alarm_state(alarm) == "ALARM"
            ),
            seconds=120,
        )
        assert billed(endpoints, *ids) == []
    finally:
        bring_aforo_back(endpoints)
    report = wait_for_replay(stage, endpoints, start_replay(endpoints))["report"]
    assert report["events"]["replayed"] == report["events"]["sent"] >= 5
    assert report["events"]["stillFailing"] == report["events"]["outstanding"] == 0
    assert len(billed(endpoints, *ids)) == 5
    until(lambda: alarm_state(alarm) == "OK")
    again = wait_for_replay(stage, endpoints, start_replay(endpoints))
    assert again["outcome"] == "nothing_to_replay"
    assert len(billed(endpoints, *ids)) == 5

    def counted() -> bool:
        counter = inspect(endpoints.functions["reconciliation"], customer.customer_id)
        return bool(counter["used"] - used_before >= 5)

    until(counted)


def test_the_quarantine_and_the_counters_dead_letters_are_replayed(endpoints: Endpoints) -> None:
    """With the rights that the template gives: a delivery that failed three times is metered again
    and billed, and what the counters missed is counted.
    """
    stage, now = Stage(), time.time_ns() // 1_000_000
    customer = endpoints.customers[1].customer_id
    line = access_line(extendedRequestId=f"R{now}=", customerId=customer, requestTimeEpoch=str(now))
    name = f"aws/lambda/async/{endpoints.functions['metering'].rpartition(':')[2]}/2026/10/02/{now}"
    record = {  # as AWS documents it (Lambda, "Retaining records of asynchronous invocations")
        "version": "1.0",
        "timestamp": iso_from_epoch_ms(now),
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": subscription_payload([line]),
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Retryable", "errorMessage": "SQS is away"},
    }
    s3 = boto3.client("s3")
    s3.put_object(Bucket=endpoints.quarantine_bucket, Key=name, Body=json.dumps(record).encode())
    report = replay_of(stage, endpoints, "quarantine")
    assert report["requests"]["billed"] >= 1
    until(lambda: len(billed(endpoints, f"R{now}=")) == 1)
    kept = s3.list_objects_v2(Bucket=endpoints.quarantine_bucket, Prefix="replayed/")["Contents"]
    assert any(entry["Key"].endswith(name) for entry in kept)

    used = inspect(endpoints.functions["reconciliation"], customer)["used"]
    usage = {
        "key": f"apigw1-{now:040}",
        "customerId": customer,
        "meter": "api_calls",
        "quantity": 7,
        "occurredAt": iso_from_epoch_ms(now),
    }
    body = to_body({"version": 1, "settled": [usage]})
    boto3.client("sqs").send_message(
        QueueUrl=endpoints.queues["counter_dead_letter"], MessageBody=body
    )
    assert replay_of(stage, endpoints, "counters")["messages"]["moved"] == 1
    until(lambda: inspect(endpoints.functions["reconciliation"], customer)["used"] >= used + 7)


def test_a_customer_over_quota_is_stopped_with_429(endpoints: Endpoints) -> None:
    """The body says why and for how long; the others are still served."""
    small = endpoints.customers[-1]
    for _ in range(small.quota * 10):
        answer = call(endpoints, "/pets", small.headers)
        if answer.status_code == 429:
            break
        assert answer.status_code == 200
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["code"] == "QUOTA_EXCEEDED"
    assert int(error["retryAfterSeconds"]) > 0
    assert call(endpoints, "/pets", endpoints.customers[0].headers).status_code == 200
