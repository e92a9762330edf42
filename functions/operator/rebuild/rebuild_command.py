"""`aforo-metering rebuild`: after the counters were lost, from the register and the ledger.

It sends every grant, API key, standing, revocation and signing key of the register again, closes
all past hours of the periods that are running, and opens the counters last. Usage and bills are not
touched. It may be stopped and started again at any time.
"""

import re
import time
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from functions.adapters.ledger import Ledger
from functions.adapters.message_queue import MessageQueue
from functions.operator.aws_session import aws_session
from functions.operator.counter_commands.register import Register
from functions.operator.counter_commands.sending import FIND, Finder
from functions.operator.counter_commands.stack import Stack
from functions.operator.deployment.place import HERE, Place
from functions.operator.plain_option import PLAIN
from functions.operator.rebuild.rebuilding import Rebuild, Tools
from functions.reconciliation.inbox import faults_of
from functions.reconciliation.kept_sums import KeptSums
from functions.reconciliation.summed_hours import SummedHours
from functions.usage.errors import Permanent
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso

# A part takes well under a second; a queue that is behind takes as long as it is behind.
WAIT_SECONDS = 900
PAUSE_SECONDS = 1.0

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def rebuild(
    *,
    yes: Annotated[bool, PLAIN, Parameter(help="send; without it nothing is changed")] = False,
    since: Annotated[
        str | None,
        Parameter(help="first day to close (UTC, 2026-11-01); without it: of the running periods"),
    ] = None,
    wait_seconds: Annotated[float, Parameter(help="for the parts")] = WAIT_SECONDS,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Exit status 0: done; 1: begun and not finished; 2: refused, with the reason on stderr."""
    since_hour = _since_hour(since)
    rebuilding = Rebuild(_tools(find(place)), is_sending=yes)
    try:
        is_done = rebuilding.run(since_hour, int(wait_seconds * 1000))
    except ValidationError as error:
        raise Permanent(f"refused: a command of the register: {faults_of(error)}") from None
    return 0 if is_done else 1


def _tools(stack: Stack) -> Tools:
    s3 = aws_session().client("s3")
    ledger = Ledger(s3, stack.ledger_bucket)
    return Tools(
        register=Register(s3, stack.configuration_bucket).commands,
        rows=ledger.read,
        sum_up=SummedHours(ledger, KeptSums(s3, stack.ledger_bucket)).totals,
        send=MessageQueue(aws_session().client("sqs"), stack.queue_url).send,
        parts_done=stack.parts_done,
        say=lambda text: print(text, flush=True),
        clock=_now_ms,
        pause=lambda: time.sleep(PAUSE_SECONDS),
    )


def _since_hour(day: str | None) -> int | None:
    if day is None:
        return None
    try:
        if _DAY.fullmatch(day):
            return epoch_ms_from_iso(f"{day}T00:00:00Z") // HOUR_MS
    except ValueError:
        pass
    raise Permanent(f"--since: {day!r} is no day: write it as 2026-11-01")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
