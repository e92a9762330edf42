"""The execution log as a source: the log events of a delivery come in, sorted requests leave."""

from functions.metering.configuration import Configuration
from functions.metering.execution_billing import bill_execution
from functions.metering.execution_log import read_execution_requests
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import Refused, Sorted
from functions.usage.message import event_text
from functions.usage.outcome import Excluded, Quarantined


class ExecutionLogSource:
    """Many lines are one request. `tenant_header` as in `read_execution_requests`."""

    def __init__(self, region: str, tenant_header: str | None = None) -> None:
        self._region = region
        self._tenant_header = tenant_header

    def sort(self, delivery: LogDelivery, configuration: Configuration, now_ms: int) -> Sorted:
        """Every request of which `delivery` holds a line."""
        result = Sorted(configuration, now_ms)
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
                    result.quarantined.append(Refused(why, found.log_events))
                case Excluded() as why:
                    result.exclude(why)
                case events:
                    result.bill(map(event_text, events), found.request.time_ms or 0)
        return result
