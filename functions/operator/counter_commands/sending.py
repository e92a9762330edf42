"""The fields of a command come in; it is on the deployment's SettledUsageQueue, recorded first.

In force within seconds, and kept while Redis is away. What the queue would refuse is refused here.
"""

import time
from collections.abc import Callable, Mapping
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError
from pydantic_core import to_json

from functions.operator.counter_commands.command_faults import told_faults
from functions.operator.counter_commands.stack import Stack, find_counters
from functions.operator.deployment.place import Place
from functions.reconciliation.commands import COMMAND, Command
from functions.usage.errors import Permanent

type FindStack = Callable[[Place], Stack]
# Tests give another; no option does.
type Finder = Annotated[FindStack, Parameter(parse=False)]
type Customer = Annotated[str, Parameter(help="the customer's id")]
type VersionOption = Annotated[
    int | None, Parameter(help="greatest wins; without it: now, epoch ms")
]

FIND: FindStack = find_counters


def send(command: Command, stack: Stack) -> int:
    """Exit status 0."""
    print(f"sent {command.kind}: message {stack.send(command)}")
    return 0


def checked(fields: Mapping[str, object]) -> Command:
    """The command that fields state; those that are None are not stated. Permanent names the field
    that is refused.
    """
    stated = {name: value for name, value in fields.items() if value is not None}
    try:
        return COMMAND.validate_json(to_json(stated))
    except ValidationError as error:
        raise Permanent(f"refused: {told_faults(error)}") from None


def versioned(version: int | None) -> int:
    """Of one thing's commands the greatest version stands."""
    return time.time_ns() // 1_000_000 if version is None else version
