"""`make soak [MESSAGES=100000]`: a large replay through the real state machine, with figures.

ministack, Aforo's stand-in, the replay's functions and the forwarder, all for real; the numbers are
those of this machine and of an emulator that gives the forwarder ten messages at a time.
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
from uuid import uuid4

import boto3
import httpx
import pytest

from functions.usage.message import to_body
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from tests.fakes.unforwarded import event, message, record
from tests.integration.replay.conftest import make_surroundings
from tests.integration.replay.deployed import Deployed
from tests.local.aforo.standin import running_standin
from tests.local.ministack import start_ministack
from tests.statemachine.conftest import configure

POISON_EVERY = 1_000
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
        ended, arn = _timed("replayed", lambda: _replay(deployed, aforo_url, options.messages))
        return _report(deployed, aforo_url, ended, arn, options.messages - poison)


def _start(stack: ExitStack) -> tuple[Deployed, str]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    emulator = stack.enter_context(start_ministack(folder))
    # A public setting of the emulator: waits for others and for the ledger are no work.
    configure(emulator, {"stepfunctions._SFN_WAIT_SCALE": 0.2})
    patch = stack.enter_context(pytest.MonkeyPatch.context())
    for name, value in emulator.env.items():
        patch.setenv(name, value)
    aforo = stack.enter_context(running_standin())
    quarantine = f"quarantine-{uuid4()}"
    boto3.client("s3").create_bucket(Bucket=quarantine)
    surroundings = make_surroundings()
    return Deployed(surroundings, aforo.url, quarantine, folder, has_forwarder=True), aforo.url


def _set_aside(deployed: Deployed, messages: int) -> int:
    """One event each, every thousandth poison; how many of those."""
    occurred_at = iso_from_epoch_ms(time.time_ns() // 1_000_000 - HOUR_MS)

    def put(numbers: tuple[int, ...]) -> None:
        entries = [
            {"Id": str(place), "MessageBody": _body(number, occurred_at)}
            for place, number in enumerate(numbers)
        ]
        deployed.aws.sqs.send_message_batch(
            QueueUrl=deployed.aws.unforwarded_url,
            Entries=entries,  # type: ignore[arg-type]
        )

    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(put, batched(range(messages), 10, strict=False)))
    return len(range(0, messages, POISON_EVERY))


def _body(number: int, occurred_at: str) -> str:
    kind = "exhausted" if number % POISON_EVERY else "poison"
    return to_body(message([event(number, occurred_at=occurred_at)], record(kind)))


def _replay(deployed: Deployed, aforo_url: str, messages: int) -> tuple[Any, str]:
    arn = deployed.start("soak", {})
    said = 0.0
    while True:
        found = deployed.sfn.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found, arn
        if time.monotonic() - said > LINE_SECONDS:
            said = time.monotonic()
            _say(f"  {_book(aforo_url)['accepted']} of {messages} billed")
        time.sleep(0.5)


def _report(deployed: Deployed, aforo_url: str, ended: Any, arn: str, wanted: int) -> int:
    output = json.loads(ended.get("output") or "{}")
    pages = deployed.sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
    entries = sum(len(page["events"]) for page in pages)
    book = _book(aforo_url)
    _say(f"{ended['status']}, {output.get('outcome', ended.get('cause'))}")
    _say(json.dumps(output.get("report", {}).get("events")))
    _say(json.dumps(output.get("report", {}).get("messages")))
    _say(f"Aforo's book: {book['accepted']} accepted, {book['duplicates']} duplicates")
    _say(f"history: {entries} entries here (AWS: at most {HISTORY_ENTRIES})")
    _say(f"output: {len(ended.get('output') or '')} bytes (AWS: at most {STATE_BYTES})")
    fine = (
        ended["status"] == "SUCCEEDED"
        and book["accepted"] == wanted
        and entries < HISTORY_ENTRIES
        and len(ended["output"]) < STATE_BYTES
    )
    _say("closed" if fine else f"NOT CLOSED: {wanted} were wanted")
    return 0 if fine else 1


def _book(aforo_url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{aforo_url}/_ledger", timeout=60).json()
    return found


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
