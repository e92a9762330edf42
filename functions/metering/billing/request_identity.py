"""What makes a request one request: its facts come in, its identity leaves, or why it has none.

Nothing is guessed, and nothing that a client can choose is believed: the client that sends one
`x-amzn-RequestId` with every call would be billed once (gateway-logs.md 2.4).
"""

import re

from functions.metering.request import Request
from functions.usage.event import RequestIdentity
from functions.usage.outcome import Quarantined
from functions.usage.quota import NO_CUSTOMER_IDS

# What API Gateway logs where it refused a client's request id: the same for everybody.
REPLACED_REQUEST_ID = "UUID_REPLACED_INVALID_REQUEST_ID"
_CURE = '"extendedRequestId":"$context.extendedRequestId"'
# A UUID, which is what a client may choose: in any spelling, and with what was written around it.
_UUID = re.compile(
    r"(?<![0-9a-f])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})"
    r"(?![0-9a-f])",
    re.IGNORECASE,
)
# A client may send one as well.
_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}(?![0-9a-f])", re.IGNORECASE)


def identity_of(request: Request) -> RequestIdentity | Quarantined:
    """Account, Region, API, stage and extended request id; all of them or none."""
    account, api, stage = request.account_id, request.api_id, request.stage
    extended_request_id = request.extended_request_id
    chosen = ""
    if extended_request_id and (
        # API Gateway's own ends so, and a look at its end costs nothing.
        extended_request_id == request.request_id or extended_request_id[-1] != "="
    ):
        chosen = _chosen(extended_request_id, request.request_id)
    if account and api and stage and extended_request_id and not chosen:
        return RequestIdentity(account, request.region, api, stage, extended_request_id)
    why = "; and ".join(one for one in (chosen, _missing(request)) if one)
    return Quarantined("no_request_identity", why)


def _missing(request: Request) -> str:
    """Every part that is not there, with what to add to the format; empty where none is."""
    said = {
        "accountId": request.account_id,
        "apiId": request.api_id,
        "stage": request.stage,
        "extendedRequestId": request.extended_request_id,
    }
    missing = [name for name, value in said.items() if not value]
    if not missing:
        return ""
    keys = ",".join(f'"{name}":"$context.{name}"' for name in missing)
    is_curable = "extendedRequestId" not in missing
    cure = (
        "or declare it in accessLogs and meter again"
        if is_curable
        else "lines without extendedRequestId cannot be billed, whatever is declared later"
    )
    return f"{' and '.join(missing)} must be there: add {keys} to the format; {cure}"


def _chosen(extended_request_id: str, request_id: str | None) -> str:
    """Why an extended request id is not API Gateway's own; empty if it may be."""
    text = extended_request_id.strip()
    if not text:
        why = "it is blank"
    elif text.lower() in NO_CUSTOMER_IDS:
        why = "it is what a program writes where it has none"
    elif text.upper().startswith(REPLACED_REQUEST_ID):
        why = "it is what API Gateway logs for every request id that it refused"
    elif request_id is not None and text.lower() == request_id.strip().lower():
        why = "it is the line's requestId, which a client can choose"
    elif _UUID.search(text):
        why = "it is a UUID, as a request id that a client can choose"
    elif _TRACE_ID.search(text):
        why = "it is a trace id, which a client can choose"
    else:
        return ""
    return f"extendedRequestId names no one request: {why}; the format needs {_CURE}"
