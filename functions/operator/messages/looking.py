"""`aforo-metering message list | show`: what waits in a dead-letter queue. Nothing is changed."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.messages.dead_letters import MOST_MESSAGES
from functions.operator.messages.opened_queue import OPEN, QUEUES, Opened, Queue, QueueName
from functions.operator.messages.queue_message import COLUMNS, QueueMessage, summary_of
from functions.operator.messages.repairing import text_of
from functions.operator.plain_option import PLAIN
from functions.operator.readable import readable
from functions.operator.rows import RowFormat, write_rows
from functions.operator.still_working import StillWorking
from functions.usage.errors import Permanent

# What is shown of an event; all of it is in `--format json`.
_OF_AN_EVENT = ("idempotencyKey", "customerId", "quantity", "occurredAt", "metricName")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows are shown."""

    set_aside_class: Annotated[
        str | None, Parameter(name="--class", help="only this class, or kind of command")
    ] = None
    reason: Annotated[str | None, Parameter(help="only this reason")] = None
    customer: Annotated[str | None, Parameter(help="only with events of this customer")] = None
    meter: Annotated[str | None, Parameter(help="only with events of this meter")] = None
    maybe_billed: Annotated[
        bool, PLAIN, Parameter(help="only what Aforo may have without our knowing")
    ] = False

    def has(self, row: Mapping[str, Any]) -> bool:
        """Whether a row is one of them."""
        return (
            self.set_aside_class in {None, row["class"]}
            and self.reason in {None, row["reason"]}
            and (self.customer is None or self.customer in row["customers"])
            and (self.meter is None or self.meter in row["meters"])
            and (not self.maybe_billed or row["maybeBilledSince"] is not None)
        )

    def words(self) -> str:
        """As the options say it."""
        asked = {
            "class": self.set_aside_class,
            "reason": self.reason,
            "customer": self.customer,
            "meter": self.meter,
            "maybe billed": "yes" if self.maybe_billed else None,
        }
        return ", ".join(f"{name} {text}" for name, text in asked.items() if text)


ALL_OF_THEM = Wanted()


def list_messages(
    *,
    queue: Queue = QueueName.USAGE,
    wanted: Wanted = ALL_OF_THEM,
    at_most: Annotated[int, Parameter(help=f"how many to receive, 1 to {MOST_MESSAGES}")] = 1000,
    form: Annotated[RowFormat, Parameter(name="--format", help="of the rows")] = "table",
    place: Place = HERE,
    open_queue: Opened = OPEN,
) -> int:
    """Receives what shows, and shows it again."""
    if not 1 <= at_most <= MOST_MESSAGES:
        raise Permanent(f"--at-most: give 1 to {MOST_MESSAGES}")
    deployment, seen, shown = find_deployment(place), 0, 0

    def rows() -> Iterator[dict[str, object]]:
        nonlocal seen, shown
        for seen, one in enumerate(dead_letters.messages(at_most), 1):
            working.doing = f"{seen} messages received"
            row = summary_of(one)
            if wanted.has(row):
                shown += 1
                yield row

    with (
        StillWorking("message list", "0 messages received") as working,
        open_queue(deployment, queue) as dead_letters,
    ):
        write_rows(COLUMNS, rows(), sys.stdout, form)
        hidden = dead_letters.hidden()
    others = f"; {hidden} are hidden, by a replay or another command" if hidden else ""
    limit = f" (--at-most {at_most})" if seen == at_most else ""
    fit = f"; none of them has {wanted.words()}" if seen and not shown else ""
    looked = f"{seen} messages were looked at in {QUEUES[queue]}"
    sys.stderr.write(f"message list: {looked}{limit}{fit}{others}\n")
    return 0


def show(
    message_id: Annotated[str, Parameter(name="ID", help="a message's id, or how it begins")],
    /,
    *,
    queue: Queue = QueueName.USAGE,
    text: Annotated[
        bool, PLAIN, Parameter(help="only the text that could not be read, to be corrected")
    ] = False,
    form: Annotated[
        Literal["text", "json"], Parameter(name="--format", help="json: the body as it is")
    ] = "text",
    place: Place = HERE,
    open_queue: Opened = OPEN,
) -> int:
    """One message whole: why it waits, its events and its history."""
    with (
        StillWorking("message show", "looking for it"),
        open_queue(find_deployment(place), queue) as dead_letters,
    ):
        found = dead_letters.find(message_id)
    if text:
        print(text_of(found))
    elif form == "json":
        print(json.dumps(found.kept(), indent=2))
    else:
        sys.stdout.write(readable(_whole(found)))
    return 0


def _whole(message: QueueMessage) -> dict[str, object]:
    content = message.content
    rows = content.get("events") or content.get("settled")
    rows = rows if isinstance(rows, list) else []
    kept = message.kept()
    known = {"events", "settled", "history", "setAside"}
    return {
        **summary_of(message),
        **{name: kept[name] for name in ("sentAt", "receives")},
        **{name: value for name, value in content.items() if name not in known},
        **({} if content else {"body": message.body}),
        "events": [_event(row) for row in rows] or None,
        "history": content.get("history"),
    }


def _event(row: object) -> object:
    if not isinstance(row, dict) or "idempotencyKey" not in row:
        return row
    metadata = row.get("metadata")
    meter = metadata.get("meter") if isinstance(metadata, dict) else None
    return {**{name: row.get(name) for name in _OF_AN_EVENT}, "meter": meter}
