"""The execution log as a source: the log events of a delivery come in, sorted requests leave.

What becomes of a request are the rules of `billing`, and those for what only an execution log
leaves open. Pure.
"""

from dataclasses import replace

from functions.metering.billing.decide import Billing
from functions.metering.billing.decide import bill as bill_request
from functions.metering.billing.payer import NO_CUSTOMER, payer_fault
from functions.metering.configuration.version import Configuration
from functions.metering.execution.requests import ExecutionRequest, read_execution_requests
from functions.metering.log_delivery import LogDelivery
from functions.metering.request import Request
from functions.metering.sorting import SortedRequests
from functions.usage.outcome import Excluded, Quarantined

_OF_THE_FORMAT = frozenset({"no_request_identity", "no_time", "no_status"})


def bill_execution(found: ExecutionRequest, configuration: Configuration, now_ms: int) -> Billing:
    """Usage events, `Excluded` or `Quarantined`; `incomplete` is a reason of the latter."""
    request = found.request
    if found.excluded is not None:
        return found.excluded
    outcome = bill_request(request, configuration, now_ms)
    if request.fault is not None or isinstance(outcome, Excluded):
        return outcome
    if outcome == NO_CUSTOMER and found.fault is None:
        return _by_header(found, configuration, now_ms)
    return found.fault or _in_its_words(request, outcome)


# What each fact is in an execution log, which has no format that anybody could add it to.
_LINES = {
    "extended_request_id": "Extended Request Id",
    "time_ms": "the time of its first line",
    "status": "Method completed with status",
}


def _in_its_words(request: Request, outcome: Billing) -> Billing:
    """A refusal for want of a fact: which line is not there, and what to do without a format."""
    if not isinstance(outcome, Quarantined) or outcome.reason not in _OF_THE_FORMAT:
        return outcome
    lacks = [line for name, line in _LINES.items() if getattr(request, name) in {None, ""}]
    if not lacks:
        return outcome
    payer = payer_fault(request, None)
    detail = (
        f"the request's lines lack: {', '.join(lacks)}. An execution log has no format to add it "
        "to: the log level must be INFO for all methods; a stage's access log says all of it in "
        f"one line (docs/reference/logs.md#format-v1){f'; and {payer.detail}' if payer else ''}"
    )
    return replace(outcome, detail=detail)


def _by_header(found: ExecutionRequest, configuration: Configuration, now_ms: int) -> Billing:
    """Where an API key was sent that the map does not know."""
    named = found.header_customer
    if not isinstance(named, str):
        return named or NO_CUSTOMER
    return bill_request(found.request._replace(customer_id=named), configuration, now_ms)


class ExecutionLogSource:
    """Many lines are one request. `tenant_header` as in `read_execution_requests`."""

    def __init__(self, region: str, tenant_header: str | None = None) -> None:
        self._region = region
        self._tenant_header = tenant_header

    def sort(
        self, delivery: LogDelivery, configuration: Configuration, now_ms: int
    ) -> SortedRequests:
        """Every request of which `delivery` holds a line."""
        result = SortedRequests(configuration, now_ms)
        self.fill(delivery, result)
        return result

    def fill(self, delivery: LogDelivery, result: SortedRequests) -> None:
        """The same into `result`, by its configuration and clock."""
        for found in read_execution_requests(
            delivery.log_events,
            log_group=delivery.log_group,
            log_stream=delivery.log_stream,
            account_id=delivery.owner,
            region=self._region,
            tenant_header=self._tenant_header,
        ):
            outcome = bill_execution(found, result.configuration, result.now_ms)
            result.put(outcome, found.log_events, found.request, found.shown)
