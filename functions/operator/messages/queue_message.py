"""A message of a dead-letter queue, as SQS gives it, and what its body says. Pure.

Guaranteed: no body is too strange to be shown: what is not understood is text with a fault.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import (
    BEFORE_THE_LEDGER,
    BEFORE_THE_LEDGER_CURE,
    Quarantined,
    SetAsideClass,
)
from functions.usage.strict_json import read_object

COLUMNS = (
    "messageId",
    "class",
    "reason",
    "status",
    "tries",
    "firstTriedAt",
    "lastTriedAt",
    "maybeBilledSince",
    "events",
    "customers",
    "meters",
)
# SQS moved it after too many receives: nobody wrote down why (as a replay takes it).
_REDRIVEN = {"setAsideClass": SetAsideClass.EXHAUSTED.value, "reason": "received_too_often"}


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """Times are epoch milliseconds; `receives` counts this one too."""

    message_id: str
    receipt_handle: str
    body: str
    sent_at_ms: int
    receives: int

    @property
    def content(self) -> Mapping[str, Any]:
        """The JSON object in the body; empty when it is none."""
        found = read_object(self.body)
        return {} if isinstance(found, Quarantined) else found

    def kept(self) -> dict[str, object]:
        """All of it, for a file or a record."""
        return {
            "messageId": self.message_id,
            "sentAt": iso_from_epoch_ms(self.sent_at_ms),
            "receives": self.receives,
            "body": self.body,
        }


def summary_of(message: QueueMessage) -> dict[str, object]:
    """One row for a list."""
    content = message.content
    rows = _rows(content)
    return {
        "messageId": message.message_id,
        **_why(content, message),
        "events": len(rows),
        "customers": _distinct(row.get("customerId") for row in rows) or _stated(content),
        "meters": _distinct(map(_meter, rows)),
    }


def _why(content: Mapping[str, Any], message: QueueMessage) -> dict[str, object]:
    """Class and reason, of usage; what it is, of anything else."""
    record = content.get("setAside")
    record = record if isinstance(record, dict) else {}
    if not record and isinstance(content.get("events"), list):
        record = {**_REDRIVEN, "tries": message.receives}
    if "unreadable" in content or not content:
        record = {"setAsideClass": "unreadable", **record, "fault": content.get("fault")}
    fields = {"class": record.get("setAsideClass", _kind(content))}
    names = ("reason", "status", "tries", "firstTriedAt", "lastTriedAt", "maybeBilledSince")
    fields |= {name: record.get(name) for name in (*names, "instance")}
    fault = record.get("fault") or (None if content else "the body is no JSON object")
    if fields["reason"] == BEFORE_THE_LEDGER:
        fault = BEFORE_THE_LEDGER_CURE
    return {**fields, **({"fault": fault} if fault else {})}


def _kind(content: Mapping[str, Any]) -> str:
    """Of CounterDeadLetterQueue: a command by its kind, settled usage, or neither."""
    return "settled" if "settled" in content else str(content.get("kind", "unknown"))


def _rows(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = content.get("events", content.get("settled", []))
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _meter(row: Mapping[str, Any]) -> object:
    metadata = row.get("metadata")
    return metadata.get("meter") if isinstance(metadata, dict) else row.get("meter")


def _stated(content: Mapping[str, Any]) -> list[str]:
    return _distinct([content.get("customerId")])


def _distinct(found: Iterable[object]) -> list[str]:
    """The most frequent first."""
    texts = Counter(one for one in found if isinstance(one, str))
    return [text for text, _ in texts.most_common()]
