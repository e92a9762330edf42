"""The execution log as a source: the log events of a delivery come in, sorted requests leave.

What becomes of a request are the rules of `billing`, and those for what only an execution log
leaves open. Pure.
"""

from functions.metering.billing.decide import Billing
from functions.metering.billing.decide import bill as bill_request
from functions.metering.billing.payer import NO_CUSTOMER
from functions.metering.configuration.version import Configuration
from functions.metering.execution.requests import ExecutionRequest, read_execution_requests
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import QuarantinedRequest, SortedRequests
from functions.usage.outcome import Excluded, Quarantined


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
    return found.fault or outcome


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
        for found in read_execution_requests(
            delivery.log_events,
            log_group=delivery.log_group,
            log_stream=delivery.log_stream,
            account_id=delivery.owner,
            region=self._region,
            tenant_header=self._tenant_header,
        ):
            match bill_execution(found, configuration, now_ms):
                case Quarantined() as why:
                    result.quarantined.append(QuarantinedRequest(why, found.log_events))
                case Excluded() as why:
                    result.exclude(why)
                case events:
                    result.bill(events, found.request.time_ms or 0)
        return result
