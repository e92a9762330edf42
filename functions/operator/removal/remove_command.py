"""`aforo-metering remove`: the way to the stack's end on which no caller sees an error and no usage
is lost. It deletes no data, and not the stack: it says how.

Exit status 0: nothing stands in the way of deleting the stack (or, without `--apply`, the plan was
told); 1: something does, and it is named; 2: the question was not understood.
"""

import sys
import time
from collections.abc import Iterable
from typing import Annotated

from cyclopts import Parameter

from functions.operator.deployment.stack_outputs import deployed_stack
from functions.operator.plain_option import PLAIN
from functions.operator.removal.draining import Clock, OnTheWay, Patience, drained
from functions.operator.removal.pointing import Pointing
from functions.operator.removal.retained import COLUMNS
from functions.operator.removal.standing_stack import StandingStack
from functions.operator.rows import write_rows
from functions.usage.errors import Permanent

# CloudWatch delivers within minutes; a replay of incomplete requests comes round every five.
QUIET_SECONDS = 900.0
MOST_SECONDS = 7200.0
REPLAY = "aforo-metering replay start --stack"


def remove(
    *,
    stack: Annotated[str, Parameter(help="name of the deployed stack")],
    apply: Annotated[
        bool, PLAIN, Parameter(help="take the subscriptions off and wait; without it: the plan")
    ] = False,
    log_group: Annotated[
        list[str], PLAIN, Parameter(help="subscribed beside the stack's own; may be repeated")
    ] = [],  # noqa: B006 - read only
    quiet_seconds: Annotated[
        float, Parameter(help="everything empty for so long is drained")
    ] = QUIET_SECONDS,
    wait_seconds: Annotated[float, Parameter(help="at most, for that")] = MOST_SECONDS,
) -> int:
    """One stack."""
    if quiet_seconds < 0 or wait_seconds < 0:
        raise Permanent("--quiet-seconds, --wait-seconds: give 0 or more")
    standing = StandingStack(stack, deployed_stack(stack), log_group)
    is_free = _authorizer_is_off(list(standing.pointing()))
    if apply and not is_free:
        _say("nothing was changed: take the authorizer off first, then run this again")
        return 1
    _subscriptions_off(standing, is_applied=apply)
    if apply and not _is_drained(standing, Patience(quiet_seconds, wait_seconds)):
        return 1
    if not apply:
        _tell("3. wait until nothing is on its way", [standing.road().on_the_way().told()])
    _tell_the_end(standing)
    if not apply:
        _say("this was the plan: nothing was changed; add --apply to do 2 and 3")
    return 0


def _authorizer_is_off(found: list[Pointing]) -> bool:
    head = "1. take our authorizer off your APIs"
    if not found:
        _tell(head, ["no API of this Region points at it"])
    for api in found:
        where = f" (asked today by the stages {', '.join(api.stages)})" if api.stages else ""
        _tell(f"{head}: {api.name or api.api_id}{where}", api.commands())
    if found:
        lines = (
            "without the function these APIs answer 500 to every caller",
            "NONE opens a method to everybody: name your own authorizer instead if you have one",
        )
        _tell("   before you do", lines)
    return not found


def _subscriptions_off(standing: StandingStack, *, is_applied: bool) -> None:
    filters = list(standing.subscribed())
    lines = [f"{one.log_group}: {one.filter_name}" for one in filters]
    _tell("2. take the subscriptions off: metering ends here", lines or ["there is none"])
    if is_applied:
        for one in filters:
            standing.unsubscribe(one)
            _say(f"taken off {one.log_group}")


def _is_drained(standing: StandingStack, patience: Patience) -> bool:
    _tell("3. wait until nothing is on its way", [])
    clock = Clock(time.monotonic, time.sleep)
    left = drained(standing.road().on_the_way, _say, patience, clock)
    if left is None:
        _say("not drained in time: is Aforo away, a function failing? Run this again")
        return False
    return _is_empty_beside(standing, left)


def _is_empty_beside(standing: StandingStack, left: OnTheWay) -> bool:
    _say(f"drained: {left.told()}")
    waiting = [f"{name} {number}" for name, number in left.set_aside.items() if number]
    if waiting:
        _tell(
            f"   set aside, unbilled: {', '.join(waiting)}",
            [
                f"{REPLAY} {standing.name}",
                "what stays is deleted by SQS 14 days after it was set aside; then run this again",
            ],
        )
    return not waiting


def _tell_the_end(standing: StandingStack) -> None:
    name = f"--stack-name {standing.name}"
    _tell("4. delete the stack", [f"aws cloudformation delete-stack {name}"])
    _tell("5. what stays, and costs (list prices of us-east-1)", [])
    rows = [one.row() for one in standing.retained()]
    write_rows(COLUMNS, rows, sys.stdout, "table")
    print("keep the ledger for 90 days if a stack may come again: docs/how-to/remove-the-stack.md")


def _tell(head: str, lines: Iterable[str]) -> None:
    print("\n".join([head, *(f"     {line}" for line in lines)]), flush=True)


def _say(text: str) -> None:
    sys.stderr.write(f"remove: {text}\n")
    sys.stderr.flush()
