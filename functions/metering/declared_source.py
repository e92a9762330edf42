"""The sources of a stack: deliveries of any log group come in, each read as what its group is
declared to hold.

One log group has one declared source: read as both, each of its requests would come twice. What
comes from a group that nobody declared is usage all the same: an access log is metered as always,
the lines of an execution log are kept until somebody declares it.
"""

from typing import TYPE_CHECKING

from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import SortedRequests
from functions.usage.outcome import Quarantined

if TYPE_CHECKING:
    from functions.metering.execution.source import ExecutionLogSource

UNDECLARED_SOURCE = Quarantined(
    "undeclared_source",
    "a line of an execution log, and no source is declared for its log group: declare it with "
    '"kind":"execution" in sources, and replay the quarantine',
)


class DeclaredSource:
    """Each delivery by the list of its configuration. `tenant_header` as in
    `read_execution_requests`.
    """

    def __init__(self, region: str, *, tenant_header: str | None = None) -> None:
        self._region = region
        self._tenant_header = tenant_header
        self._access_log = AccessLogSource(region)
        self._undeclared = AccessLogSource(region, other_source=UNDECLARED_SOURCE)
        self._execution_log: ExecutionLogSource | None = None

    def sort(
        self, delivery: LogDelivery, configuration: Configuration, now_ms: int
    ) -> SortedRequests:
        """Every request of `delivery`, by its log group's source."""
        return self._source(delivery, configuration).sort(delivery, configuration, now_ms)

    def fill(self, delivery: LogDelivery, result: SortedRequests) -> None:
        """The same into `result`, by its configuration and clock."""
        self._source(delivery, result.configuration).fill(delivery, result)

    def _source(
        self, delivery: LogDelivery, configuration: Configuration
    ) -> "AccessLogSource | ExecutionLogSource":
        source = configuration.source_of(delivery.log_group)
        if source is None:
            return self._undeclared
        return self._execution() if source.kind == "execution" else self._access_log

    def _execution(self) -> "ExecutionLogSource":
        # At the first delivery that needs it: no other cold start pays for its modules.
        if self._execution_log is None:
            from functions.metering.execution.source import (  # noqa: PLC0415
                ExecutionLogSource,
            )

            self._execution_log = ExecutionLogSource(self._region, self._tenant_header)
        return self._execution_log
