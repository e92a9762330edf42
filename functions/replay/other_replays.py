"""The other running executions of the state machine, as a replay that begins sees them.

One replay of a source at a time: two sources share no queue and no object, and what meets on
UsageQueue has its key. Two of one source would be safe, only slower and harder to read.

A replay that is a chain of executions (functions.replay.chain) is as old as its first one, which
runs no longer: whatever goes on with a replay was there before one that begins.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from functions.replay.chain import is_name_of_a_part
from functions.replay.order import Order, Source

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

# More are running only if a schedule runs wild; the first page is the newest.
PAGE = 100


@dataclass(frozen=True, slots=True)
class OlderReplays:
    """The executions that began before this one, oldest first, and then those that by their names
    may go on with a replay. `is_listed`: this one is there, too, so the listing does not lag
    behind it.
    """

    is_listed: bool
    arns: tuple[str, ...]
    may_go_on: tuple[str, ...] = ()


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
        may_go_on = (one for one in running if one not in older and is_name_of_a_part(one["name"]))
        return OlderReplays(mine is not None, _arns(older), _arns(may_go_on))

    def first_in_the_way(self, order: Order, older: OlderReplays) -> str:
        """The name of the oldest that takes from the same source; empty when there is none."""
        return next(self._in_the_way(order, older), "")

    def _in_the_way(self, order: Order, older: OlderReplays) -> Iterator[str]:
        for arn in (*older.arns, *older.may_go_on):
            found = self._client.describe_execution(executionArn=arn)
            asked = _asked_for(found.get("input", "{}"))
            if arn in older.may_go_on and not asked.goes_on:
                continue
            # What a schedule does quietly every few minutes keeps no person waiting; it waits for
            # everybody.
            if asked.source == order.source and (not asked.is_quiet or order.quiet):
                yield found.get("name", arn)


class _AskedFor(NamedTuple):
    source: object
    is_quiet: bool
    goes_on: bool


def _arns(found: Iterable["ExecutionListItemTypeDef"]) -> tuple[str, ...]:
    return tuple(one["executionArn"] for one in found)


def _age(one: "ExecutionListItemTypeDef") -> tuple[float, str]:
    return one["startDate"].timestamp(), one["name"]


def _asked_for(text: str) -> _AskedFor:
    """What an execution's input says, which may be any JSON: it may be refused yet."""
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):  # a number of too many digits, or nested too deeply
        asked = None
    asked = asked if isinstance(asked, dict) else {}
    return _AskedFor(
        asked.get("source", Source.USAGE), asked.get("quiet") is True, "continues" in asked
    )
