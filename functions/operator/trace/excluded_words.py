"""Why a request is not billed: a reason comes in, words for a person leave."""

from functions.metering.request import Request
from functions.usage.outcome import Excluded, Quarantined

# The reasons of docs/reference/outcomes.md, Excluded; the tests hold the two together.
WORDS = {
    "authorizer_failed": "the authorizer failed, so that nobody verified who called",
    "denied": "the authorizer refused it",
    "forbidden": "API Gateway refused it",
    "invalid_request": "API Gateway refused it as invalid",
    "no_route": "API Gateway has no such path",
    "refused": "API Gateway refused it",
    "throttled": "API Gateway throttled it",
    "unauthorized": "API Gateway refused it: no valid credential",
    "excluded_path": "its path is in excludedPaths",
    "excluded_status": "its status is in excludedStatuses",
    "server_error": "it failed, and billServerErrors is false",
    "preflight": "a browser's preflight, without a customer",
    "no_meter": "no meter counts requests of this API",
    "zero_quantity": "no meter counted anything: its quantity is 0",
    "absent_quantity": "no meter counted anything: its quantity is not in the line",
    "other_source": "a line of another source than the log group's declared one",
    "test_invoke": "the console's test button",
    "not_api_gateway": "a line of another service",
    "wrong_group": "a line of another service",
    "no_prefix": "a line of an execution log that says no request id",
    "tail": "lines that an execution log writes after a request's end",
    "control_message": "CloudWatch's probe",
    "own_log": "metering's own log",
    "heartbeat": "an old heartbeat",
}


def in_words(why: Excluded | Quarantined, request: Request | None) -> str:
    """The status where there is one, and what the reason means."""
    words = why.detail if isinstance(why, Quarantined) else WORDS.get(why.reason, "")
    status = f"status {request.status}" if request and request.status is not None else ""
    return "; ".join(part for part in (status, words) if part)
