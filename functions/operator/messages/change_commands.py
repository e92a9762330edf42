"""`aforo-metering message take | decide | repair`: a person deals with one message.

Nothing is changed without `--yes`: what would be is said. Exit status 0: done, or said; 1: begun
and not finished, with what to do; 2: refused, nothing was changed.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place
from functions.operator.file_words import file_words
from functions.operator.messages.aforo_word import decide, word_of
from functions.operator.messages.changed_message import AskedChange, Plan, change_message
from functions.operator.messages.mending import Mend
from functions.operator.messages.opened_queue import OPEN, Opened, Queue, QueueName
from functions.operator.messages.queue_message import QueueMessage
from functions.operator.messages.repairing import repair
from functions.operator.plain_option import PLAIN
from functions.usage.errors import Permanent

type MessageId = Annotated[str, Parameter(name="ID", help="a message's id, or how it begins")]
type Why = Annotated[str, Parameter(help="the reason, for the record")]
type Yes = Annotated[bool, PLAIN, Parameter(help="do it; without it nothing is changed")]

LINES_SHOWN = 10


def take(
    message_id: MessageId,
    /,
    *,
    to: Annotated[Path, Parameter(help="a new file to keep the message in")],
    why: Why,
    queue: Queue = QueueName.USAGE,
    yes: Yes = False,
    place: Place = HERE,
    open_queue: Opened = OPEN,
) -> int:
    """Out of the queue, into a file and the record."""
    if to.exists():
        raise Permanent(f"--to {to}: is there already: give a new file")

    def plan(_: QueueMessage) -> Plan:
        return Plan("take", [f"kept in {to}, sent nowhere"], {"file": str(to)}, file=to)

    return change_message(AskedChange(message_id, queue, why, place, open_queue, is_done=yes), plan)


def decide_one(
    message_id: MessageId,
    /,
    *,
    why: Why,
    aforo_has: Annotated[
        list[str], PLAIN, Parameter(consume_multiple=True, help="keys that Aforo has, or `all`")
    ] = [],  # noqa: B006 - read only
    aforo_lacks: Annotated[
        list[str], PLAIN, Parameter(consume_multiple=True, help="keys that it has not, or `all`")
    ] = [],  # noqa: B006 - as above
    send_lacking: Annotated[
        Path | None, Parameter(help="a file with the keys that Aforo has not, one a line")
    ] = None,
    yes: Yes = False,
    place: Place = HERE,
    open_queue: Opened = OPEN,
) -> int:
    """Of an `ambiguous` message: send what Aforo lacks, record what it has."""
    word = word_of(aforo_has, aforo_lacks, _read("--send-lacking", send_lacking))

    def plan(message: QueueMessage) -> Plan:
        found = decide(message.body, word)
        lines = [
            f"{len(found.sent)} events are sent, as decided: Aforo lacks them",
            f"{len(found.billed)} events are not sent, as billed: Aforo has them",
        ]
        became: dict[str, object] = {
            "sent": found.sent,
            "billed": found.billed,
            "body": found.body,
        }
        return Plan("decide", lines, became, body=found.body)

    return change_message(
        AskedChange(message_id, QueueName.USAGE, why, place, open_queue, is_done=yes), plan
    )


def repair_one(
    message_id: MessageId,
    /,
    *,
    why: Why,
    sets: Annotated[
        list[str], PLAIN, Parameter(name="--set", help="FIELD=VALUE, as events.*.metricName=Calls")
    ] = [],  # noqa: B006 - read only
    file: Annotated[Path | None, Parameter(help="the whole text, corrected")] = None,
    drop: Annotated[
        list[str], PLAIN, Parameter(help="an event that leaves, by its key or number")
    ] = [],  # noqa: B006 - as above
    times_in_utc: Annotated[
        bool, PLAIN, Parameter(help="write every occurredAt in UTC, the same instant")
    ] = False,
    yes: Yes = False,
    place: Place = HERE,
    open_queue: Opened = OPEN,
) -> int:
    """Of a message that cannot be read: mend it, and send it."""
    mend = Mend(_read("--file", file), sets, drop, is_to_utc=times_in_utc)

    def plan(message: QueueMessage) -> Plan:
        found = repair(message, mend)
        more = len(found.changes) - LINES_SHOWN
        lines = [
            f"fault before: {found.fault}; now it can be read: {found.events} events are sent",
            *(found.changes[:LINES_SHOWN] or ["the text is sent unchanged"]),
            *([f"and {more} more fields"] if more > 0 else []),
        ]
        became: dict[str, object] = {"changes": found.changes, "body": found.body}
        return Plan("repair", lines, became, body=found.body)

    return change_message(
        AskedChange(message_id, QueueName.USAGE, why, place, open_queue, is_done=yes), plan
    )


def _read(option: str, file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text()
    except OSError as error:
        raise Permanent(file_words(error, f"{option} {file}")) from None
    except ValueError:
        raise Permanent(f"{option} {file}: is no UTF-8 text: save it as UTF-8") from None
