"""`make soak [MESSAGES=100000]`: a large replay through the real state machine, with figures.

Messages of every class, one event each, every thousandth of them poison; then the same replay
again, which must change nothing. ministack, Aforo's stand-in, the replay's functions and the
forwarder, all for real; the numbers are those of this machine and of an emulator that gives the
forwarder ten messages at a time, and looks through a whole queue for each message it deletes.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import batched
from pathlib import Path
from typing import Any

from functions.usage.message import to_body
from functions.usage.outcome import SetAsideClass
from tests.fakes.set_aside_messages import an_hour_ago, event, message, record
from tests.integration.replay.deployed import Deployed, deployed_replay
from tests.local.aforo.console import Console
from tests.local.aforo.standin import running_standin
from tests.statemachine.quick_ministack import quick_ministack

POISON_EVERY = 1_000
# Each by turns; None is what SQS itself moved, without a record.
KINDS = [*(one for one in SetAsideClass if one is not SetAsideClass.POISON), None]
SENDERS = 4
LINE_SECONDS = 15.0
HISTORY_ENTRIES = 25_000  # AWS ends an execution that has more
STATE_BYTES = 262_144


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("messages", nargs="?", type=int, default=100_000)
    options = parser.parse_args()
    with ExitStack() as stack:
        deployed, aforo_url = _start(stack)
        poison = _timed("set aside", lambda: _set_aside(deployed, options.messages))
        wanted = options.messages - poison
        ended, arn = _timed("replayed", lambda: _replay(deployed, aforo_url, "soak", wanted))
        is_closed = _report(deployed, aforo_url, ended, arn, wanted=wanted, poison=poison)
        again, _ = _timed("and again", lambda: _replay(deployed, aforo_url, "again", wanted))
        changed = _book(aforo_url)["accepted"] - wanted
        _say(f"again: {again['status']}, Aforo's book changed by {changed}")
        is_closed &= again["status"] == "SUCCEEDED" and changed == 0
        _say("closed" if is_closed else "NOT CLOSED")
        return 0 if is_closed else 1


def _start(stack: ExitStack) -> tuple[Deployed, str]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    # Waits for others and for the ledger are no work.
    emulator = stack.enter_context(quick_ministack(folder, 0.2))
    aforo = stack.enter_context(running_standin())
    replay = deployed_replay(emulator, aforo.url, folder, has_forwarder=True)
    return stack.enter_context(replay), aforo.url


def _set_aside(deployed: Deployed, messages: int) -> int:
    """One event each, every thousandth poison; how many of those."""
    tried_at = an_hour_ago()

    def put(numbers: tuple[int, ...]) -> None:
        entries = [
            {"Id": str(place), "MessageBody": _body(number, tried_at)}
            for place, number in enumerate(numbers)
        ]
        deployed.aws.sqs.send_message_batch(
            QueueUrl=deployed.aws.usage_dead_letter_url,
            Entries=entries,  # type: ignore[arg-type]
        )

    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(put, batched(range(messages), 10, strict=False)))
    return len(range(0, messages, POISON_EVERY))


def _body(number: int, tried_at: str) -> str:
    is_poison = number % POISON_EVERY == 0
    kind = SetAsideClass.POISON if is_poison else KINDS[number % len(KINDS)]
    why = record(kind, tried_at=tried_at) if kind else None
    return to_body(message([event(number, occurred_at=tried_at)], why))


def _replay(deployed: Deployed, aforo_url: str, name: str, wanted: int) -> tuple[Any, str]:
    arn = deployed.start(name, {})
    said, billed = time.monotonic(), _book(aforo_url)["accepted"]
    while True:
        found = deployed.sfn.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found, arn
        took = time.monotonic() - said
        if took > LINE_SECONDS:
            known, billed, said = billed, _book(aforo_url)["accepted"], time.monotonic()
            _say(f"  {billed:>7,} of {wanted:,} billed, {(billed - known) / took:,.0f} a second")
        time.sleep(0.5)


def _report(
    deployed: Deployed, aforo_url: str, ended: Any, arn: str, *, wanted: int, poison: int
) -> bool:
    output = json.loads(ended.get("output") or "{}")
    pages = deployed.sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
    entries = sum(len(page["events"]) for page in pages)
    book = _book(aforo_url)
    report = output.get("report", {"events": {}, "messages": {}})
    _say(f"{ended['status']}, {output.get('outcome', ended.get('cause'))}")
    _say(json.dumps(report["events"]))
    _say(json.dumps(report["messages"]))
    _say(f"Aforo's book: {book['accepted']} accepted, {book['duplicates']} duplicates")
    _say(f"history: {entries} entries here (AWS: at most {HISTORY_ENTRIES})")
    _say(f"output: {len(ended.get('output') or '')} bytes (AWS: at most {STATE_BYTES})")
    left = [(one["class"], one["messages"]) for one in report["messages"].get("left", [])]
    return (
        ended["status"] == "SUCCEEDED"
        and book["accepted"] == report["events"]["replayed"] == wanted
        and left == [("poison", poison)]
        and report["messages"]["notSeen"] == 0
        and entries < HISTORY_ENTRIES
        and len(ended["output"]) < STATE_BYTES
    )


def _book(aforo_url: str) -> dict[str, Any]:
    with Console(aforo_url) as console:
        return console.ledger()


def _timed[Result](what: str, work: Callable[[], Result]) -> Result:
    began = time.monotonic()
    result = work()
    _say(f"{what} in {time.monotonic() - began:.1f} s")
    return result


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
