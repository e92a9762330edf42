"""The operator's command after the counters were lost: a rebuild from the register and the ledger.

    .venv/bin/python -m functions.operator.counter_commands.rebuild --stack NAME        # says what
    .venv/bin/python -m functions.operator.counter_commands.rebuild --stack NAME --yes  # does it

It sends every grant, API key, standing, revocation and signing key of the register again, closes
all past hours of the periods that are running, and opens the counters last. Usage and bills are not
touched. It may be stopped and started again at any time.
"""

import re
import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from functions.adapters.ledger import Ledger
from functions.adapters.message_queue import MessageQueue
from functions.operator.counter_commands.rebuilding import Rebuild, Tools
from functions.operator.counter_commands.register import Register
from functions.operator.counter_commands.stack import Stack, find_stack
from functions.reconciliation.inbox import faults_of
from functions.usage.errors import Permanent, UsageError
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso

# A part takes well under a second; a queue that is behind takes as long as it is behind.
WAIT_SECONDS = 900
PAUSE_SECONDS = 1.0

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def main(words: Sequence[str] | None = None, find: Callable[[str], Stack] = find_stack) -> int:
    """Exit status 0: done; 1: begun and not finished; 2: refused, with the reason on stderr."""
    options = _parser().parse_args(words)
    try:
        since = _since_hour(options.since)
        rebuild = Rebuild(_tools(find(options.stack)), is_sending=options.yes)
        is_done = rebuild.run(since, int(options.wait_seconds * 1000))
    except ValidationError as error:
        print(f"refused: a command of the register: {faults_of(error)}", file=sys.stderr)
    except (UsageError, BotoCoreError, ClientError) as error:
        print(f"refused: {error}", file=sys.stderr)
    else:
        return 0 if is_done else 1
    return 2


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m functions.operator.counter_commands.rebuild",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", required=True, help="the deployed stack's name")
    parser.add_argument("--yes", action="store_true", help="send; without it nothing is changed")
    parser.add_argument(
        "--since", help="first day to close (UTC, 2026-11-01); default: of the running periods"
    )
    parser.add_argument(
        "--wait-seconds", type=float, default=WAIT_SECONDS, help="for the parts; default 900"
    )
    return parser


def _tools(stack: Stack) -> Tools:
    s3 = boto3.client("s3")
    return Tools(
        register=Register(s3, stack.configuration_bucket).commands,
        read=Ledger(s3, stack.ledger_bucket).read,
        send=MessageQueue(boto3.client("sqs"), stack.queue_url).send,
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


if __name__ == "__main__":
    sys.exit(main())
