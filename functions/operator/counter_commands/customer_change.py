"""A command about one customer: what it changes is said, what looks like a mistake is refused, and
it is waited for until it is in force.

Guaranteed: nothing is sent before the checks. Where the counters do not answer, that is said, and
the command is sent unchecked: it is kept until they do.
"""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from functions.operator.counter_commands.customer_now import CustomerNow, customer_now
from functions.operator.counter_commands.sending import FindStack, checked, send
from functions.operator.counter_commands.stack import Stack
from functions.operator.counter_commands.told_change import is_in_force, told_change, told_shadow
from functions.operator.deployment.place import Place
from functions.operator.plain_option import PLAIN
from functions.operator.still_working import StillWorking
from functions.usage.errors import Permanent

# Through the queue and a cold function it takes some seconds; behind a backlog nobody knows.
PATIENCE_SECONDS = 20.0
_BETWEEN_SECONDS = 0.5

_GROUP = Group("What is surely meant", sort_key=80)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a person has to say where a command looks like a mistake."""

    new: Annotated[bool, PLAIN, Parameter(help="the customer is new: nobody knows the id yet")] = (
        False
    )
    yes: Annotated[
        bool, PLAIN, Parameter(help="also where callers are refused at once, or a key moves")
    ] = False
    no_wait: Annotated[bool, PLAIN, Parameter(help="do not wait until it is in force")] = False


UNSAID = Meant()


def change_customer(
    fields: Mapping[str, object], place: Place, find: FindStack, meant: Meant
) -> int:
    """Exit status 0. Permanent names what is not there, and the option that says it is meant."""
    command = checked(fields)
    stated = command.model_dump(by_alias=True)
    stack = find(place)
    now = _asked(stack, stated)
    if now is not None:
        _check(stated, now, meant)
        print(told_change(stated, now))
        if shadow := told_shadow(stated, now):
            print(shadow)
    send(command, stack)
    if _is_of_another_time(stated):
        print("its window is not now: `aforo-metering counters show` tells it while it is")
    elif now is not None and not meant.no_wait:
        _wait(stack, stated)
    return 0


def _asked(stack: Stack, fields: Mapping[str, object]) -> CustomerNow | None:
    try:
        return customer_now(stack, fields)
    except Permanent as error:
        sys.stderr.write(f"not checked, sent as it is: {error}\n")
        return None


def _check(fields: Mapping[str, object], now: CustomerNow, meant: Meant) -> None:
    customer = fields["customerId"]
    if not now.is_known and not meant.new and fields["kind"] != "grant":
        raise Permanent(
            f"--customer {customer}: nobody knows it, it has no grant{now.similar_words}. "
            "Give the right id, grant first, or give --new"
        )
    if meant.yes:
        return
    limit = fields.get("limit")
    if _is_of_another_time(fields):
        if now.limit is not None:
            raise Permanent(
                f"--start, --end: the window is not now, and takes the place of the grant that "
                f"{customer} has: until then it has none; give --yes if that is meant"
            )
    elif isinstance(limit, int) and now.used is not None and limit <= now.used:
        raise Permanent(
            f"--limit {limit}: {customer} has used {now.used} in this period, so its calls are "
            "refused at once; give --yes if that is meant"
        )
    owner = now.api_key.customer_id if now.api_key else ""
    if owner and owner != customer:
        raise Permanent(
            f"--customer {customer}: the API key is {owner}'s; give --yes to give it to {customer}"
        )


def _is_of_another_time(fields: Mapping[str, object]) -> bool:
    """A grant of an explicit window that does not cover this moment."""
    start, end = fields.get("startMs"), fields.get("endMs")
    if not isinstance(start, int) or not isinstance(end, int):
        return False
    return not start <= time.time_ns() // 1_000_000 < end


def _wait(stack: Stack, fields: Mapping[str, object]) -> None:
    began = time.monotonic()
    with StillWorking("counters", "waiting until it is in force"):
        while time.monotonic() - began < PATIENCE_SECONDS:
            found = _asked(stack, fields)
            if found is None:
                return
            if is_in_force(fields, found):
                print(f"in force after {time.monotonic() - began:.1f} s")
                return
            time.sleep(_BETWEEN_SECONDS)
    print(
        f"not in force after {PATIENCE_SECONDS:.0f} s, and kept: SettledUsageQueue is behind "
        "(`aforo-metering status` shows it), or a command with a greater --version stands, "
        "or a limit that Aforo stated since"
    )
