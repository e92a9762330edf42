"""The operator's command: grants, API keys, standing, revocations and signing keys of a stack.

    uv run python -m functions.operator.counter_commands.command open --stack aforo-metering
    uv run python -m functions.operator.counter_commands.command grant --stack aforo-metering
        --customer cust_1 --limit 1000 --period month --rate 10 --burst 20

It sends commands to the stack's SettledUsageQueue: in force within seconds, and kept while Redis is
away. An API key never leaves this machine: only its SHA-256 does.
"""

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence

from pydantic import ValidationError
from pydantic_core import to_json

from functions.operator.counter_commands.options import parser
from functions.operator.counter_commands.stack import Stack, find_stack
from functions.reconciliation.commands import COMMAND, Command
from functions.reconciliation.inbox import faults_of
from functions.reconciliation.inspection import Inspection
from functions.usage.errors import Permanent


def main(words: Sequence[str] | None = None, find: Callable[[str], Stack] = find_stack) -> int:
    """Exit status 0: sent; 2: refused, with the reason on stderr."""
    options = parser(__doc__ or "").parse_args(words)
    try:
        return _run(options, find(options.stack))
    except ValidationError as error:
        print(f"refused: {faults_of(error)}", file=sys.stderr)
    except (Permanent, ValueError) as error:
        print(f"refused: {error}", file=sys.stderr)
    return 2


def _run(options: Namespace, stack: Stack) -> int:
    if options.subcommand == "show":
        question = {"customerId": options.customer, "meter": options.meter, "keys": options.key}
        Inspection.model_validate(question)
        print(stack.inspect(question))
        return 0
    command = command_of(options)
    message_id = stack.send(command)
    print(f"sent {command.kind}: message {message_id}")
    return 0


def command_of(options: Namespace) -> Command:
    """The command that the options say. ValidationError names the field."""
    fields = options.fields(options)
    if "version" in options:
        fields["version"] = options.version or time.time_ns() // 1_000_000
    stated = {name: value for name, value in fields.items() if value is not None}
    # As the queue will be read: what is refused there is refused here.
    return COMMAND.validate_json(to_json(stated))


if __name__ == "__main__":
    sys.exit(main())
