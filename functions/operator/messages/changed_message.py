"""A person's change of one message: found, said, and with `--yes` recorded and carried out."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.message_queue import BYTES_PER_CALL, MessageQueue
from functions.operator.aws_session import aws_session
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.place import Place, find_deployment
from functions.operator.file_words import file_words
from functions.operator.messages.change_record import ChangeRecord
from functions.operator.messages.changing import Change, carry_out
from functions.operator.messages.opened_queue import OUTPUTS, OpenLetters, QueueName
from functions.operator.messages.queue_message import QueueMessage
from functions.operator.still_working import StillWorking
from functions.usage.errors import Permanent, Retryable

if TYPE_CHECKING:
    from functions.operator.deployment.deployment import Deployment


class AskedChange(NamedTuple):
    """Which message, and who wants it changed for what reason."""

    message_id: str
    queue: QueueName
    why: str
    place: Place
    open_queue: OpenLetters
    is_done: bool  # else only said


class Plan(NamedTuple):
    """What is to become of a message: said in `lines`, recorded in `became`."""

    change: str
    lines: list[str]
    became: dict[str, object]
    body: str | None = None  # for UsageQueue
    file: Path | None = None  # to keep the message in


def change_message(asked: AskedChange, plan_of: Callable[[QueueMessage], Plan]) -> int:
    """The exit status. Permanent: refused, and nothing was changed."""
    if not asked.why.strip():
        raise Permanent("--why: say why, for who reads the record")
    deployment = find_deployment(asked.place)
    waits = OUTPUTS[asked.queue].removesuffix("Url")
    with asked.open_queue(deployment, asked.queue) as dead_letters:
        with StillWorking("message", "looking for it"):
            message = dead_letters.find(asked.message_id)
        plan = plan_of(message)
        if plan.body and len(plan.body.encode()) > BYTES_PER_CALL:
            raise Permanent("ID: with its history it is too long for SQS: take it instead")
        _say(f"before: {message.message_id} waits in {waits}", *plan.lines)
        if not asked.is_done:
            _say("dry run: nothing was changed; add --yes to do it")
            return 0
        record = _record(deployment, asked, plan, message, waits)
        change = Change(message, _keep(plan, message), _send(deployment, plan))
        try:
            carry_out(change, dead_letters, record)
        except (BotoCoreError, ClientError, Retryable) as error:
            why = str(error) if isinstance(error, Retryable) else in_plain_words(error)
            sys.stderr.write(f"message {plan.change}: not finished: {why}\n")
            fix = "if `message list` still has it, do it again: what was sent twice is billed once"
            sys.stderr.write(f"message {plan.change}: {fix}; the record: {record.uri}\n")
            return 1
    _say(f"after: it is gone from {waits}; the record: {record.uri}")
    return 0


def _keep(plan: Plan, message: QueueMessage) -> Callable[[], None] | None:
    file = plan.file
    if file is None:
        return None

    def write() -> None:
        try:
            with file.open("x") as out:
                out.write(json.dumps(message.kept(), indent=2) + "\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise Permanent(f"cannot be written: {file_words(error, f'--to {file}')}") from None

    return write


def _send(deployment: "Deployment", plan: Plan) -> Callable[[], object] | None:
    body = plan.body
    if body is None:
        return None
    client = aws_session(deployment.region).client("sqs")
    queue = MessageQueue(client, deployment.output("UsageQueueUrl"))
    return lambda: queue.send([body])


def _record(
    deployment: "Deployment", asked: AskedChange, plan: Plan, message: QueueMessage, waits: str
) -> ChangeRecord:
    region = deployment.region
    who = aws_session(region).client("sts").get_caller_identity()["Arn"]
    fields = {
        "messageId": message.message_id,
        "change": plan.change,
        "who": who,
        "why": asked.why,
        "queue": waits,
        "was": message.kept(),
        "became": plan.became,
    }
    s3 = aws_session(region).client("s3")
    return ChangeRecord(s3, deployment.output("LedgerBucketName"), fields, _now_ms)


def _say(first: str, *rest: str) -> None:
    print(first)
    for line in rest:
        print(f"  {line}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
