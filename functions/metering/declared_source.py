"""The log source of a stack: deliveries of several log groups come in, each read as what its group
is declared to hold.

One log group has one declared source: read as both, each of its requests would come twice.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import SortedRequests

if TYPE_CHECKING:
    from functions.metering.execution.source import ExecutionLogSource


class DeclaredSource:
    """Access logs, but for the log groups that are named as execution logs. `tenant_header` as in
    `read_execution_requests`.
    """

    def __init__(
        self,
        region: str,
        *,
        execution_log_groups: Collection[str] = (),
        tenant_header: str | None = None,
    ) -> None:
        self._region = region
        self._tenant_header = tenant_header
        self._execution_log_groups = frozenset(execution_log_groups)
        self._access_log = AccessLogSource(region)
        self._execution_log: ExecutionLogSource | None = None

    def sort(
        self, delivery: LogDelivery, configuration: Configuration, now_ms: int
    ) -> SortedRequests:
        """Every request of `delivery`, by its log group's source."""
        if delivery.log_group in self._execution_log_groups:
            return self._execution().sort(delivery, configuration, now_ms)
        return self._access_log.sort(delivery, configuration, now_ms)

    def _execution(self) -> "ExecutionLogSource":
        # At the first delivery that needs it: no other cold start pays for its modules.
        if self._execution_log is None:
            from functions.metering.execution.source import (  # noqa: PLC0415
                ExecutionLogSource,
            )

            self._execution_log = ExecutionLogSource(self._region, self._tenant_header)
        return self._execution_log
