"""The lines about a backend's call: the integration's status, latency and ids. Those of the
authorizer's call have the same labels and stand before it; they are left alone.
"""

from functions.metering.execution.facts import ExecutionFacts

STATUSES = {str(status): status for status in range(100, 600)}
STATUS_DIGITS = 3
_LATENCY_DIGITS = 7  # an integration ends within minutes


def received(facts: ExecutionFacts, text: str) -> None:
    facts.informed = True
    if facts.in_authorizer:
        return  # the authorizer's answer, not the backend's
    status = text.partition("Status: ")[2].partition(",")[0]
    latency = text.partition("Integration latency: ")[2].partition(" ms")[0]
    facts.integration_status = STATUSES.get(status, facts.integration_status)
    if latency.isascii() and latency.isdigit() and len(latency) <= _LATENCY_DIGITS:
        facts.integration_latency_ms = int(latency)


def lambda_failed(facts: ExecutionFacts, text: str) -> None:
    if facts.in_authorizer:
        return
    for label in ("Lambda execution failed with status ", "Lambda invocation failed with status: "):
        if text.startswith(label):
            code = text[len(label) : len(label) + STATUS_DIGITS]
            facts.integration_status = STATUSES.get(code, facts.integration_status)
    facts.failure = facts.failure or text.partition(": ")[0].partition(". ")[0]
    _, label, request_id = text.rpartition("Lambda request id: ")
    if label:
        facts.integration_request_id = request_id.strip() or None


def integration_id(facts: ExecutionFacts, text: str) -> None:
    facts.tails += 1
    facts.integration_request_id = text.partition(":")[2].strip() or None


def trace_id(facts: ExecutionFacts, text: str) -> None:
    facts.tails += 1
    facts.xray_trace_id = text.partition(":")[2].strip() or None


def endpoint(facts: ExecutionFacts, text: str) -> None:
    """The maps of the backend's call. They mix in what a client or a backend sent: only what
    describes is taken, and the API that a console test was made on.
    """
    facts.informed = True
    if facts.in_authorizer:
        return
    if not facts.is_prefixed and text.startswith("Endpoint request headers: {"):
        api_id = _paired(text, "x-amzn-apigateway-api-id=")
        facts.traced_api_id = api_id if api_id.isalnum() else None
    elif text.startswith("Endpoint response headers: {"):
        request_id = _paired(text, "x-amzn-RequestId=")
        facts.integration_request_id = facts.integration_request_id or request_id or None


def _paired(text: str, label: str) -> str:
    return text.partition(label)[2].partition(", ")[0].rstrip("}")
