"""One line of an execution log comes in; what it says goes into the facts of its request.

Every wording of gateway-logs.md 1.2, old and new. AWS adds others, which change nothing here.
"""

from collections.abc import Callable

from functions.metering.execution.authorizer_wording import policy, result, success
from functions.metering.execution.facts import ExecutionFacts
from functions.metering.execution.integration_wording import (
    STATUS_DIGITS,
    STATUSES,
    endpoint,
    integration_id,
    lambda_failed,
    received,
    trace_id,
)
from functions.metering.execution.line import ExecutionLine

# The first letters of lines that only show that level ERROR is not the one in use: the most of
# them all, and those that carry what clients and backends wrote.
IDLE_CHARS = 16
IDLE_WORDINGS = frozenset(
    {
        "Endpoint request",
        "Incoming identit",
        "Method request b",
        "Method request p",
        "Method request q",
        "Method response ",
        "Sending request ",
        "Usage Plan check",
    }
)


def gather(facts: ExecutionFacts, line: ExecutionLine) -> None:
    """Add one line. Its first letters choose its reader: no line is tried against the wordings of
    all others.
    """
    facts.is_cut = line.is_cut
    READERS.get(line.text[:OPENING_CHARS], _other)(facts, line.text)


def _other(facts: ExecutionFacts, _: str) -> None:
    facts.informed = True  # none of level ERROR begins in a new way


def _after(text: str, label: str) -> str:
    return text[len(label) :].strip()


def _extended(facts: ExecutionFacts, _: str) -> None:
    facts.opened = facts.informed = True


def _starting(facts: ExecutionFacts, text: str) -> None:
    facts.informed = True
    what, _, request_id = text.partition(" for request: ")
    facts.request_id = facts.request_id or request_id.strip() or None
    if what.startswith("Starting authorizer: "):
        facts.opened = facts.in_authorizer = True
        facts.authorizer_id = _after(what, "Starting authorizer: ") or None
    elif what.startswith("Starting execution"):
        facts.in_authorizer = False
        facts.executed = True


def _verifying(facts: ExecutionFacts, text: str) -> None:
    facts.opened = facts.informed = True
    facts.in_authorizer = False
    if facts.request_id is None:
        _, _, rest = text.partition(" for request: ")
        facts.request_id = rest.partition(". ")[0] or None
    _stage(facts, text.rpartition("API Stage:")[2])


def _stage(facts: ExecutionFacts, text: str) -> None:
    """`api/stage`, where the API may be stars."""
    api_id, slash, stage = text.strip().partition("/")
    if slash:
        facts.api_id = facts.api_id or (None if "*" in api_id else api_id)
        facts.stage = facts.stage or stage or None


def _http(facts: ExecutionFacts, text: str) -> None:
    facts.informed = True
    facts.in_authorizer = False
    if text.startswith("HTTP Method: "):
        method, _, path = _after(text, "HTTP Method: ").partition(", Resource Path: ")
        facts.once("method", method)
        if path and not facts.is_cut:
            facts.once("path", path)


def _api_key(facts: ExecutionFacts, text: str) -> None:
    if text.startswith("API Key ID:"):
        facts.informed = True
        facts.keys += 1
        if value := _after(text, "API Key ID:"):
            facts.once("api_key_id", value)
    elif " authorized because method '" in text:
        facts.informed = True
        method = text.partition(" authorized because method '")[2].partition("' does not")[0]
        facts.route = method.partition(" ")[2] or None
    elif " limit for API Stage " in text:
        _throttled(facts, text)
    else:
        facts.informed = True


def _throttled(facts: ExecutionFacts, text: str) -> None:
    facts.refused = "throttled"
    facts.error_type = "QUOTA_EXCEEDED" if "quota" in text[:200] else "THROTTLED"
    _stage(facts, text.partition(" for API Stage ")[2].partition(": ")[0])
    api_id = text.partition(" RestApi ")[2].partition(",")[0]
    stage = text.partition(", Stage ")[2].partition(",")[0]
    _stage(facts, f"{api_id}/{stage}" if api_id and stage else "")
    if method := text.partition(", HttpMethod ")[2].partition(".")[0]:
        facts.once("method", method)


def _method(facts: ExecutionFacts, text: str) -> None:
    if text.startswith("Method completed with status:"):
        _end(facts, _after(text, "Method completed with status:"))
    else:
        facts.informed = True
        if text.startswith("Method request headers:"):
            facts.headers.append((text, facts.is_cut))


def _end(facts: ExecutionFacts, code: str) -> None:
    facts.ends += 1
    status = STATUSES.get(code) if len(code) == STATUS_DIGITS else None
    if status is None:
        facts.malformed_status = True
    else:
        facts.once("status", status)


def _gateway(facts: ExecutionFacts, text: str) -> None:
    kind, _, code = text.partition(" with status code:")
    if kind.startswith("Gateway response type:"):
        facts.error_type = _after(kind, "Gateway response type:") or None
        _end(facts, code.strip())


def _unauthorized(facts: ExecutionFacts, text: str) -> None:
    if text.startswith("Unauthorized request:"):
        facts.ends += 1
        facts.refused = "unauthorized"
        facts.request_id = facts.request_id or _after(text, "Unauthorized request:") or None


def _failed(facts: ExecutionFacts, text: str) -> None:
    if text.startswith("Execution log for request "):
        facts.request_id = _after(text, "Execution log for request ")
    elif facts.failure is None:
        facts.failure = text.strip()


def _request(facts: ExecutionFacts, text: str) -> None:
    if text.startswith("Request body does not match"):
        facts.error_type = facts.error_type or "BAD_REQUEST_BODY"
    else:
        facts.informed = True


# By their first letters, which differ in all of them.
OPENING_CHARS = 7
READERS: dict[str, Callable[[ExecutionFacts, str], None]] = {
    "Extende": _extended,
    "Startin": _starting,
    "Verifyi": _verifying,
    "HTTP Me": _http,
    "API Key": _api_key,
    "Key thr": _throttled,
    "Key quo": _throttled,
    "Method ": _method,
    "Gateway": _gateway,
    "Unautho": _unauthorized,
    "Authori": result,
    "Using v": policy,
    "Success": success,
    "Receive": received,
    "Lambda ": lambda_failed,
    "Executi": _failed,
    "Request": _request,
    "AWS Int": integration_id,
    "X-ray T": trace_id,
    "Endpoin": endpoint,
}
