"""Execution log lines in AWS' wording (gateway-logs.md 1.2), made up, and their log events."""

import json
from collections.abc import Iterable, Iterator
from itertools import count

from functions.metering.configuration.version import Configuration
from functions.metering.execution.requests import ExecutionRequest, read_execution_requests
from functions.metering.log_delivery import LogDelivery
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS

ACCOUNT = "123456789012"
GROUP = "API-Gateway-Execution-Logs_a1b2c3d4e5/prod"
STREAM = "e369853df766fa44e1ed0ff613f563bd"
REQUEST_ID = "abe23b51-3a85-4167-851d-9ab66fc506b3"
EXTENDED_ID = "AyD6_FHMvHcECIA="
CUSTOMER = "cus_7Qm2xYz"
PREFIX_CHARS = len(REQUEST_ID) + 3
CUT = " [TRUNCATED]"
UNKEYED = (
    "API Key  authorized because method 'GET /pets/{id}' does not require API Key."
    " Request will not contribute to throttle or quota limits"
)


def configured(customers: dict[str, str], **more: object) -> Configuration:
    """One meter of API calls, in force at any time."""
    version = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "customers": customers,
        **more,
    }
    return Configuration.model_validate({"versions": [version]})


def vended(line: str, **changes: str) -> str:
    """The line as a vended delivery (gateway-logs.md 1.9) wraps it in JSON."""
    fields = {**_vended_fields(), "event_timestamp": REQUEST_TIME_MS, "payload": line}
    return json.dumps({**fields, **changes})


def vended_columns(line: str, blank: str = "\t", **changes: str) -> str:
    """The same as columns."""
    return blank.join([*{**_vended_fields(), **changes}.values(), line])


def _vended_fields() -> dict[str, str]:
    return {
        "resource_arn": "arn:aws:apigateway:eu-west-1::/restapis/zz11/stages/live",
        "event_timestamp": str(REQUEST_TIME_MS),
        "api_id": "zz11",
        "stage": "live",
        "resource_path": "/pets/{id}",
        "http_method": "GET",
    }


def masked(text: str) -> str:
    return "*" * (len(text) - 6) + text[-6:]


def result_body(customer: str = CUSTOMER, **context: str) -> str:
    """What our authorizer returns."""
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "arn:x/prod/*"}
    return json.dumps(
        {
            "principalId": customer,
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"customerId": customer, "tenantId": "tenant_1", **context},
        },
        separators=(",", ":"),
    )


def authorizer_texts(customer: str = CUSTOMER, *, result: str | None = None) -> list[str]:
    """The authorizer's part; `result` empty where the policy was cached or data trace is off."""
    body = result_body(customer) if result is None else result
    return [
        f"Starting authorizer: elkw5b for request: {REQUEST_ID}",
        "Endpoint request URI: https://lambda.eu-west-1.amazonaws.com/authorizer/invocations",
        "Sending request to https://lambda.eu-west-1.amazonaws.com/authorizer/invocations",
        "Received response. Status: 299, Integration latency: 999 ms",
        *([f"Authorizer result body before parsing: {body}"] if body else []),
        f"Using valid authorizer policy for principal: {masked(customer)}",
        "Successfully completed authorizer execution",
    ]


def request_texts(
    *,
    extended_id: str = EXTENDED_ID,
    authorizer: Iterable[str] | None = None,
    headers: str = "{Accept=*/*, User-Agent=curl}",
    path: str = "/pets/7",
    key_id: str | None = None,
    status: object = 200,
    end: Iterable[str] | None = None,
) -> list[str]:
    """One whole request at level INFO with data trace, without prefixes."""
    key = ["API Key: ****bMZHBg", f"API Key ID: {key_id}"] if key_id else []
    return [
        f"Extended Request Id: {extended_id}",
        *(authorizer_texts() if authorizer is None else authorizer),
        f"Verifying Usage Plan for request: {REQUEST_ID}. API Key:  API Stage: a1b2c3d4e5/prod",
        UNKEYED,
        "Usage Plan check succeeded for API Key  and API Stage a1b2c3d4e5/prod",
        f"Starting execution for request: {REQUEST_ID}",
        f"HTTP Method: GET, Resource Path: {path}",
        *key,
        "Method request path: {id=7}",
        f"Method request headers: {headers}",
        "Method request body before transformations: ",
        "Endpoint request URI: https://lambda.eu-west-1.amazonaws.com/backend/invocations",
        "Sending request to https://lambda.eu-west-1.amazonaws.com/backend/invocations",
        "Received response. Status: 200, Integration latency: 35 ms",
        "Method response headers: {Content-Type=application/json}",
        *(
            ["Successfully completed execution", f"Method completed with status: {status}"]
            if end is None
            else end
        ),
        "AWS Integration Endpoint RequestId : 71952965-d5cc-4974-ae08-6e2138b2275c",
    ]


def prefixed(texts: Iterable[str], request_id: str = REQUEST_ID) -> list[str]:
    return [f"({request_id}) {text}" for text in texts]


def cut(line: str) -> str:
    """As API Gateway cuts it."""
    return line if len(line) <= PREFIX_CHARS + 1024 else line[: PREFIX_CHARS + 1024] + CUT


def events_of(lines: Iterable[object], *, first: int = 0) -> list[dict[str, object]]:
    """Log events, a millisecond for every four of them, as close as they are on AWS."""
    return [
        {"id": f"{number:056}", "timestamp": REQUEST_TIME_MS + number // 4, "message": line}
        for number, line in zip(count(first), lines, strict=False)
    ]


def delivery_of(log_events: list[dict[str, object]], log_group: str = GROUP) -> LogDelivery:
    return LogDelivery(ACCOUNT, log_group, STREAM, log_events)


def read(
    lines: Iterable[object], *, log_group: str | None = GROUP, tenant_header: str | None = None
) -> list[ExecutionRequest]:
    """What is read from lines of one delivery."""
    return read_execution_requests(
        events_of(lines),
        log_group=log_group,
        log_stream=STREAM,
        account_id=ACCOUNT,
        region=REGION,
        tenant_header=tenant_header,
    )


def woven(*requests: list[str]) -> Iterator[str]:
    """Requests that ran at the same time: their lines by turns."""
    for turn in range(max(map(len, requests))):
        for request in requests:
            yield from request[turn : turn + 1]
