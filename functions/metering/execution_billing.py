"""What becomes of a request that an execution log told of: the rules of `billing`, and those for
what only an execution log leaves open. Pure.
"""

from functions.metering.billing import NO_CUSTOMER, Billing
from functions.metering.billing import bill as bill_request
from functions.metering.configuration import Configuration
from functions.metering.execution_log import ExecutionRequest
from functions.usage.outcome import Excluded


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
