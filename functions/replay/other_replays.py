"""The other running executions of the state machine, as a replay that begins sees them.

One replay of a source at a time: two sources share no queue and no object, and what meets on
UsageQueue has its key. Two of one source would be safe, only slower and harder to read.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.replay.order import Order, Source

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

# More are running only if a schedule runs wild; the first page is the newest.
PAGE = 100


@dataclass(frozen=True, slots=True)
class OlderReplays:
    """The executions that began before this one, oldest first. `is_listed`: this one is there, too,
    so the listing does not lag behind it.
    """

    is_listed: bool
    arns: tuple[str, ...]


class OtherReplays:
    """Looks for them by ListExecutions and DescribeExecution."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    def older_than(self, execution_arn: str) -> OlderReplays:
        """A listing that lags behind this one lists only older ones."""
        running = self._client.list_executions(
            stateMachineArn=self._state_machine_arn, statusFilter="RUNNING", maxResults=PAGE
        )["executions"]
        mine = next((one for one in running if one["executionArn"] == execution_arn), None)
        older = sorted((one for one in running if mine is None or _age(one) < _age(mine)), key=_age)
        return OlderReplays(mine is not None, tuple(one["executionArn"] for one in older))

    def first_in_the_way(self, order: Order, older: OlderReplays) -> str:
        """The name of the oldest that takes from the same source; empty when there is none."""
        return next(self._in_the_way(order, older), "")

    def _in_the_way(self, order: Order, older: OlderReplays) -> Iterator[str]:
        for arn in older.arns:
            found = self._client.describe_execution(executionArn=arn)
            source, is_quiet = _asked_for(found.get("input", "{}"))
            # What a schedule does quietly every few minutes keeps no person waiting; it waits for
            # everybody.
            if source == order.source and (not is_quiet or order.quiet):
                yield found.get("name", arn)


def _age(one: "ExecutionListItemTypeDef") -> tuple[float, str]:
    return one["startDate"].timestamp(), one["name"]


def _asked_for(text: str) -> tuple[object, bool]:
    """Source and `quiet` of an execution's input, which may be any JSON: it may be refused yet."""
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):  # a number of too many digits, or nested too deeply
        asked = None
    if not isinstance(asked, dict):
        return Source.USAGE, False
    return asked.get("source", Source.USAGE), asked.get("quiet") is True
