"""`explain`: every form of input, one JSON object per request, and one line for bad input."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.operator.command_line import main
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.explanation import Explained
from functions.operator.explain.gathering import LINES_AT_ONCE
from functions.operator.explain.inputs import read_input
from functions.operator.explain.recognition import recognised
from functions.usage.event import RequestIdentity
from functions.usage.heartbeat import HEARTBEAT_STREAM, heartbeat_line
from functions.usage.strict_json import INVALID
from tests.fakes.access_log_lines import (
    FIELDS,
    REQUEST_TIME_MS,
    access_line,
    distinct_line,
    log_events,
    subscription_payload,
)
from tests.fakes.execution_log_lines import CUSTOMER, authorizer_texts, prefixed, request_texts
from tests.unit.operator.explain.explaining import explain

ROOT = Path(__file__).parents[4]
CORPUS = ROOT / "tests" / "corpus" / "access-log-lines.jsonl"
SAMPLES = [json.loads(line) for line in CORPUS.read_text().splitlines()]
PRINTED = [
    "request_id",
    "extended_request_id",
    "api_id",
    "stage",
    "method",
    "path",
    "route",
    "status",
    "latency_ms",
    "integration_latency_ms",
    "integration_status",
    "response_bytes",
    "api_key_id",
    "principal",
    "customer_id",
    "time_epoch_ms",
    "outcome",
    "reason",
]
ONE_BILLED = "1 request -> 1 event\ncustomers: cus_7Qm2 1\ndays (UTC): 2026-07-20 1\n"
PLACE = ("--account", "123456789012", "--region", "eu-west-1")
ID = "d0a6c3bf-f5ee-4153-be2d-493031a7c885"
EXECUTION = [
    f"({ID}) Extended Request Id: GqT38H-FFiAFhLQ=",
    f"({ID}) Verifying Usage Plan for request: {ID}. API Key: ****FFOj API Stage: a1b2c3d4e5/prod",
    f"({ID}) Starting execution for request: {ID}",
    f"({ID}) HTTP Method: GET, Resource Path: /pets/1",
    f"({ID}) API Key ID: v7y79n2re7",
    f"({ID}) Successfully completed execution",
    f"({ID}) Method completed with status: 200",
]


def test_a_billed_request_is_printed_whole(tmp_path: Path) -> None:
    """Exactly the fields of the issue, and the event with the key that metering will give it."""
    code, (request,), summary = explain(tmp_path, access_line(), *PLACE)
    event = request.pop("event")
    assert list(request) == PRINTED
    assert request == {
        "request_id": FIELDS["requestId"],
        "extended_request_id": FIELDS["extendedRequestId"],
        "api_id": "a1b2c3d4e5",
        "stage": "prod",
        "method": "GET",
        "path": None,
        "route": "/pets/{id}",
        "status": 200,
        "latency_ms": 41,
        "integration_latency_ms": 35,
        "integration_status": 200,
        "response_bytes": 512,
        "api_key_id": None,
        "principal": "cus_7Qm2",
        "customer_id": "cus_7Qm2",
        "time_epoch_ms": REQUEST_TIME_MS,
        "outcome": "event",
        "reason": None,
    }
    identity = RequestIdentity(
        "123456789012", "eu-west-1", "a1b2c3d4e5", "prod", FIELDS["extendedRequestId"]
    )
    assert event["idempotencyKey"] == identity.event_key("api_calls")
    assert (code, summary) == (0, f"1 requests: 1 event\n{ONE_BILLED}")


def test_without_a_region_the_event_has_no_key(tmp_path: Path) -> None:
    """Nor a region; nothing is made up."""
    _, (request,), _ = explain(tmp_path, access_line())
    assert "idempotencyKey" not in request["event"]
    assert "region" not in request["event"]["metadata"]


def test_without_an_account_the_event_has_no_key(tmp_path: Path) -> None:
    """Metering will have it from the log group."""
    line = access_line(v=None, accountId=None, traceparent=None, xrayTraceId=None)
    _, (request,), _ = explain(tmp_path, line, "--region", "eu-west-1")
    assert request["outcome"] == "event"
    assert "idempotencyKey" not in request["event"]
    _, (known,), _ = explain(tmp_path, line, *PLACE)
    assert known["event"]["idempotencyKey"].startswith("apigw1-")


LINES = [access_line(), access_line(status="401"), access_line(customerId="-"), '{"status":-,']
OUTCOMES = [
    ("event", None),
    ("excluded", "unauthorized"),
    ("quarantined", "no_customer"),
    ("quarantined", "invalid_json"),
]
ENVELOPE = {
    "messageType": "DATA_MESSAGE",
    "owner": "123456789012",
    "logGroup": "group",
    "logStream": "stream",
    "subscriptionFilters": [],
    "logEvents": log_events(LINES),
}
FILTERED = {
    "events": [
        {
            "logStreamName": "s",
            "timestamp": REQUEST_TIME_MS,
            "message": line,
            "eventId": str(number),
        }
        for number, line in enumerate(LINES)
    ],
    "searchedLogStreams": [],
}
FORMS = {
    "raw": "\n".join(LINES),
    "carriage returns": "\r\n".join([*LINES, ""]),
    "decoded": json.dumps(ENVELOPE),
    "pretty": json.dumps(ENVELOPE, indent=2),
    "packed": subscription_payload(LINES)["awslogs"]["data"],
    "wrapped": "\n".join(
        subscription_payload(LINES)["awslogs"]["data"][at : at + 76] for at in range(0, 9999, 76)
    ),
    "lambda event": json.dumps(subscription_payload(LINES)),
    "filter-log-events": json.dumps(FILTERED, indent=4),
    "get-log-events": json.dumps({"events": log_events(LINES), "nextForwardToken": "f/1"}),
    "events alone": json.dumps(FILTERED["events"]),
    "payloads by line": "\n".join(json.dumps(subscription_payload([line])) for line in LINES),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_input_is_explained(form: str, tmp_path: Path) -> None:
    """The same requests, in their order, each with outcome and reason."""
    code, requests, summary = explain(tmp_path, FORMS[form])
    assert [(one["outcome"], one["reason"]) for one in requests] == OUTCOMES
    quarantined = "1 quarantined (invalid_json), 1 quarantined (no_customer)"
    outcomes = f"4 requests: 1 event, 1 excluded (unauthorized), {quarantined}\n"
    why = "".join(f"{one['reason']}: {one['detail']} (1)\n" for one in requests[2:])
    assert (code, summary) == (0, f"{outcomes}{ONE_BILLED}{why}")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["sample_id"])
def test_every_fact_of_a_real_line_is_shown(sample: dict[str, Any], tmp_path: Path) -> None:
    """As it stands there; none is invented, and none of them is billed."""
    code, (request,), _ = explain(tmp_path, "\n".join(sample["lines"]))
    expected = sample["expected"]
    # Routes of other APIs are not read: their lines are not billed.
    unread = set() if sample["api"] == "rest" else {"route"}
    shown = {name: request[name] for name in PRINTED if name in expected.keys() - unread}
    assert (code, shown) == (0, {name: expected[name] for name in shown})
    unknown = [name.removesuffix("_known") for name, is_known in expected.items() if not is_known]
    assert [request.get(name) for name in unknown] == [None] * len(unknown)
    assert request["outcome"] != "event"


def test_an_execution_log_is_known_by_its_wording(tmp_path: Path) -> None:
    """One object of many lines; `path` as logged. Raw lines have no stamp, so no time is shown."""
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "versions": [
                    {
                        "effectiveFrom": "2020-01-01T00:00:00Z",
                        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
                        "customers": {"v7y79n2re7": "cus_2"},
                    }
                ]
            }
        )
    )
    words = ("--config", str(config), *PLACE)
    _, (request,), _ = explain(tmp_path, "\n".join(EXECUTION), *words)
    assert (request["path"], request["status"], request["outcome"]) == ("/pets/1", 200, "event")
    assert (request["time_epoch_ms"], request["event"]["customerId"]) == (None, "cus_2")
    assert "occurredAt" not in request["event"]


def test_a_request_without_its_end_is_incomplete(tmp_path: Path) -> None:
    """The replay reads it again."""
    _, (request,), _ = explain(tmp_path, "\n".join(EXECUTION[:4]), "--kind", "execution")
    assert (request["outcome"], request["request_id"]) == ("incomplete", ID)


def test_a_body_with_line_breaks_is_one_line(tmp_path: Path) -> None:
    """Its parts are no requests."""
    body = f'({ID}) Method request body before transformations: {{\n{{\n  "status": "500"\n}}\n}}'
    lines = [*EXECUTION[:4], body, *EXECUTION[4:], access_line()]
    _, requests, _ = explain(tmp_path, "\n".join(lines))
    assert [one["status"] for one in requests] == [200, 200]


def test_lines_of_another_log_are_no_requests(tmp_path: Path) -> None:
    """A Lambda function's; the summary says so."""
    lines = "what it printed\nEND RequestId: 1f08c356\nREPORT RequestId: 1f08c356\n"
    code, requests, summary = explain(tmp_path, lines)
    assert (code, requests) == (0, [])
    assert summary == "0 requests: 3 lines of no request (not_api_gateway)\n"


def test_heartbeats_among_the_lines_are_no_requests(tmp_path: Path) -> None:
    """`filter-log-events` has those of every stream; metering would hand them on."""
    stream = {"logStreamName": HEARTBEAT_STREAM, "message": heartbeat_line(REQUEST_TIME_MS)}
    events = [{"logStreamName": "a", "message": access_line()}, stream, stream]
    _, requests, summary = explain(tmp_path, json.dumps({"events": events}), *PLACE)
    assert [one["outcome"] for one in requests] == ["event"]
    assert summary == f"1 requests: 1 event, 2 lines of no request (heartbeat)\n{ONE_BILLED}"


def test_of_a_declared_kind_the_other_one_is_no_request(tmp_path: Path) -> None:
    """As metering does with one declared source."""
    _, requests, summary = explain(tmp_path, "\n".join(EXECUTION), "--kind", "access")
    assert (requests, summary) == ([], "0 requests: 7 lines of no request (other_source)\n")


@pytest.mark.parametrize(("kind", "outcomes"), [("access", []), ("execution", ["event"])])
@pytest.mark.parametrize("is_said_by_the_log", [True, False])
def test_a_log_group_is_read_as_the_source_that_it_is(
    tmp_path: Path, kind: str, outcomes: list[str], *, is_said_by_the_log: bool
) -> None:
    """By the list of the configuration, as metering reads it: not by the look of each line."""
    config = tmp_path / "config.json"
    meter = {"id": "api_calls", "metricName": "API Calls"}
    version: dict[str, Any] = {"effectiveFrom": "2020-01-01T00:00:00Z", "meters": [meter]}
    version["customers"] = {"v7y79n2re7": CUSTOMER}
    source = {"name": "vended", "logGroup": "/vended", "kind": kind}
    config.write_text(json.dumps({"sources": [source], "versions": [version]}))
    if is_said_by_the_log:
        events = [{"timestamp": REQUEST_TIME_MS, "message": line} for line in EXECUTION]
        envelope = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/vended"}
        log = json.dumps({**envelope, "logStream": "a", "logEvents": events})
    else:
        log = "\n".join(EXECUTION)
    words = ["--config", str(config)] + ["--log-group", "/vended"] * (not is_said_by_the_log)
    _, requests, _ = explain(tmp_path, log, *words)
    assert [one["outcome"] for one in requests] == outcomes


def test_a_configuration_with_one_declared_log_is_used_for_raw_lines(tmp_path: Path) -> None:
    """Several meters make a list of events."""
    config = tmp_path / "config.json"
    meters = [
        {"id": "api_calls", "metricName": "API Calls"},
        {"id": "bytes", "metricName": "Bytes", "quantity": "response_bytes"},
    ]
    declared = {"apiId": "a1", "stage": "prod", "fields": {"customerId": "who", "status": "code"}}
    version = {"effectiveFrom": "2020-01-01T00:00:00Z", "meters": meters}
    config.write_text(json.dumps({"versions": [version | {"accessLogs": {"/mine": declared}}]}))
    line = {"who": "cus_1", "code": 200, "extendedRequestId": "AyD6_FHMvHcECIA=", "ua": "x"}
    line |= {"requestTimeEpoch": str(REQUEST_TIME_MS), "responseLength": "7"}
    _, (request,), _ = explain(tmp_path, json.dumps(line), "--config", str(config), *PLACE)
    assert [event["quantity"] for event in request["event"]] == [1, 7]


def test_raw_lines_are_of_the_log_group_that_is_named(tmp_path: Path) -> None:
    """One declared log, and lines of another one: format v1 is not read by its fields."""
    log = {"fields": {"status": "http.code"}}
    document = {
        "versions": [
            {
                "effectiveFrom": "2020-01-01T00:00:00Z",
                "meters": [{"id": "api_calls", "metricName": "API Calls"}],
                "accessLogs": {"orders": log},
            }
        ]
    }
    config = tmp_path / "metering.json"
    config.write_text(json.dumps(document))
    asked = ("--config", str(config), *PLACE)
    (one,) = explain(tmp_path, access_line(), *asked, "--log-group", "ours").requests
    assert one["outcome"] == "event"
    (one,) = explain(tmp_path, access_line(), *asked, "--log-group", "orders").requests
    assert one["reason"] == "no_status"


@pytest.mark.parametrize(
    ("words", "outcome"),
    [((), "quarantined"), (("--tenant-header", "customer"), "event")],
)
def test_the_declared_header_names_the_customer(
    words: tuple[str, ...], outcome: str, tmp_path: Path
) -> None:
    """As with the parameter TenantHeader: without it the same header carries the tenant."""
    texts = request_texts(
        authorizer=authorizer_texts(result=""), headers=f"{{X-Tenant-Id={CUSTOMER}, Host=a}}"
    )
    _, (request,), _ = explain(tmp_path, "\n".join(prefixed(texts)), *words)
    assert (request["outcome"], request["customer_id"]) == (
        outcome,
        CUSTOMER if outcome == "event" else None,
    )


def test_a_log_of_any_size_is_read_as_it_comes() -> None:
    """Of an endless one the first requests are explained after some thousands of lines."""
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield access_line().encode() + b"\n"

    deliveries = read_input(cast("BinaryIO", endless()), "auto")
    for number in range(1, 4):
        assert len(next(deliveries).log_events) == LINES_AT_ONCE
        assert read == number * LINES_AT_ONCE


def test_endless_text_that_nobody_knows_is_bad_input_in_time() -> None:
    """And is not kept until its end."""
    unknown = Explained(None, INVALID, is_text=True)
    with pytest.raises(BadInputError, match="nothing in the input looks like"):
        next(recognised(repeat(unknown)))


def test_a_bad_payload_among_lines_is_one_unknown_line(tmp_path: Path) -> None:
    """Its neighbours are explained."""
    lines = [access_line(), '{"messageType":"X","logEvents":[]}', access_line()]
    code, requests, _ = explain(tmp_path, "\n".join(lines))
    outcomes = [(one["outcome"], one["reason"]) for one in requests]
    assert code == 0
    assert outcomes == [("event", None), ("quarantined", "unknown_format"), ("event", None)]


BAD = {
    "empty": b"",
    "blank": b" \n\n",
    "prose": b"hello world",
    "bytes": bytes(range(128, 256)),
    "bad base64": b"H4sI%%%",
    "gzip cut short": subscription_payload(LINES)["awslogs"]["data"][:60].encode(),
    "cut JSON": json.dumps(ENVELOPE)[:200].encode(),
    "cut pretty JSON": json.dumps(FILTERED, indent=4)[:300].encode(),
    "no list": b'{"messageType":"DATA_MESSAGE","logEvents":5}',
    "unknown message type": b'{"messageType":"X","logEvents":[]}',
    "not events": b'{"events":[1]}',
    "numbers": b"[1,2]",
    "raw gzip": gzip.compress(b"x"),
    "CSV cut short": b'@timestamp,@message\n2026-07-20 01:50:15.218,"{',
    "CSV without a cell": b"@timestamp,@message\n2026-07-20 01:50:15.218\n",
    "CSV without a message": b"@timestamp,status\n2026-07-20 01:50:15.218,200\n",
    "row without a message": b'{"results":[[{"field":"@timestamp","value":"2026-07-20"}]]}',
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line(name: str, tmp_path: Path) -> None:
    """On stderr, with exit status 2, and nothing on stdout."""
    code, requests, line = explain(tmp_path, BAD[name])
    assert (code, requests, line.count("\n")) == (2, [], 1)
    assert line.startswith("explain: ")


@pytest.mark.parametrize("name", ["CSV without a message", "row without a message"])
def test_a_query_without_the_message_is_told_what_to_add(name: str, tmp_path: Path) -> None:
    """Its rows are of a log, and hold no line of it."""
    _, _, line = explain(tmp_path, BAD[name])
    assert "no @message: add it to the query's fields" in line


def test_input_that_is_no_log_is_told_what_is_taken(tmp_path: Path) -> None:
    """In one line."""
    _, _, line = explain(tmp_path, "hello world\n2026-07-20 and good bye")
    assert line.startswith("explain: nothing in the input looks like a line of an API Gateway log;")
    assert all(shape in line for shape in ("raw lines", "aws logs tail", "CSV", "s3://"))


OTHER_FORMATS = {
    "XML": '<request id="3f2b1c7e"> <ip>203.0.113.24</ip> <status>200</status> </request>',
    "CSV": "203.0.113.24,-,-,28/Nov/2026:09:15:42 +0000,GET,/orders,HTTP/1.1,200,1834,3f2b1c7e",
    "Serverless": "requestId: 3f2b1c7e, ip: 203.0.113.24, httpMethod: GET, status: 200",
    "key=value": "ip=203.0.113.24 time=28/Nov/2026:09:15:42 +0000 method=GET status=200",
    "WebSocket CLF": '203.0.113.24 - - [28/Nov/2026:09:15:42 +0000] "CONNECT $connect x" 200 -',
    "quoted": '"{ "requestId":"3f2b1c7e", "status":"200" }"',
}


@pytest.mark.parametrize("name", OTHER_FORMATS)
def test_an_access_log_that_is_no_json_is_an_access_log(name: str, tmp_path: Path) -> None:
    """It is quarantined, as metering will do, and not called anything else."""
    code, (request,), summary = explain(tmp_path, OTHER_FORMATS[name])
    assert (code, request["outcome"]) == (0, "quarantined")
    assert "looks like" not in summary


@pytest.mark.parametrize(
    "words",
    [("/nowhere/log",), ("--config", "/nowhere"), ("--account", "12"), ("--config", __file__)],
)
def test_bad_options_are_one_clear_line(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not there, a configuration that is none."""
    assert main(["explain", *words]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_it_reads_standard_input_and_needs_no_aws() -> None:
    """As a person starts it."""
    done = subprocess.run(
        [sys.executable, "-m", "functions.operator", "explain", "-"],
        input=access_line().encode(),
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "event")


@pytest.mark.parametrize("form", ["json", "table"])
def test_who_has_seen_enough_gets_the_summary(form: str, tmp_path: Path) -> None:
    """As with `| head`: no error, whatever had been written."""
    (tmp_path / "log").write_text("\n".join(map(distinct_line, range(3000))))
    words = ["-m", "functions.operator", "explain", "--format", form, str(tmp_path / "log")]
    with subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read().decode()
    # How much it had read when it was stopped, it says itself.
    summary = [line for line in said.splitlines() if not line.startswith("explain: ")]
    assert running.returncode == 0
    assert re.fullmatch(r"([0-9]+) requests: \1 event", summary[0])
    assert "Error" not in said


PIECES = st.sampled_from([*LINES, *EXECUTION, '{"events":[', "H4sI", "\n", "[", "\x00", "(x) y"])


@settings(max_examples=100)
@given(st.binary() | st.lists(PIECES).map(lambda parts: "\n".join(parts).encode()))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Explained, or one line and exit status 2."""
    folder = tmp_path_factory.getbasetemp()
    code, requests, said = explain(folder, content)
    first, *others = said.splitlines()
    if code == 0:
        assert first.startswith(f"{len(requests)} requests: ")
    else:
        assert (code, requests, others) == (2, [], [])
        assert first.startswith("explain: ")
