"""A window in which requests are missing comes in; an execution of the audit's state machine, which
meters them again, leaves. It is started once, however often it is asked for; after one that failed
before it could say in the window's record that it was there, the next.
"""

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from functions.audit.window import AuditWindow
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

# Then a person looks: what was metered three times and is not in the ledger needs another cure.
MOST_REPAIRS = 3
_LONGEST_NAME = 80
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")
_DIGEST_DIGITS = 8
_FAILED = {"FAILED", "TIMED_OUT"}


class RepairStart(NamedTuple):
    """Of executions of one state machine."""

    client: "SFNClient"
    state_machine_arn: str

    def start(self, window: AuditWindow, repairs: int) -> str:
        """The execution's name; empty where one is at work, was stopped by a person, or there were
        as many as may be. `repairs`: as the window's record counts them.
        """
        for number in range(repairs, MOST_REPAIRS):
            name = execution_name(window, number)
            try:
                self.client.start_execution(
                    stateMachineArn=self.state_machine_arn,
                    name=name,
                    input=json.dumps(_input(window)),
                )
            except self.client.exceptions.ExecutionAlreadyExists:
                if not self._has_failed(name):
                    return ""
            else:
                return name
        return ""

    def _has_failed(self, name: str) -> bool:
        machine = self.state_machine_arn.replace(":stateMachine:", ":execution:")
        told = self.client.describe_execution(executionArn=f"{machine}:{name}")
        return told["status"] in _FAILED


def execution_name(window: AuditWindow, repairs: int) -> str:
    """Of the window's next repair, after so many. Step Functions runs no name twice in 90 days."""
    moment = re.sub("[-:]", "", iso_from_epoch_ms(window.from_ms)[:19])
    tail = f"-{moment}Z-{window.shard}-{repairs}"
    source = _NO_NAME.sub("-", window.source)
    if source != window.source or len(source) + len(tail) > _LONGEST_NAME:
        digest = sha256(window.source.encode()).hexdigest()[:_DIGEST_DIGITS]
        source = f"{source[: _LONGEST_NAME - len(tail) - _DIGEST_DIGITS - 1]}-{digest}"
    return f"{source}{tail}"


def _input(window: AuditWindow) -> dict[str, object]:
    """All that makes it this window: the stack's parameters may be others by now, and what is found
    of other windows is no word about this one.
    """
    return {
        "source": window.source,
        "from": iso_from_epoch_ms(window.from_ms),
        "to": iso_from_epoch_ms(window.to_ms),
        "windowSeconds": window.seconds,
        "shard": window.shard,
        "shards": window.shards,
    }
