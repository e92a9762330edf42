"""An object of the quarantine comes in; what to give to metering again leaves.

Three kinds: lines of a delivery under their reason, a whole delivery that nobody could read, and
the record that Lambda wrote of one that failed three times. Pure.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from functions.usage.moment import iso_from_epoch_ms

KEPT, FAILED = "quarantine/", "aws/lambda/async/"  # Lambda's name for its OnFailure records
DELIVERY, FAILED_DELIVERY = "delivery", "failed_delivery"
INCOMPLETE, NEVER_ENDED = "incomplete", "never_ended"
_HASH_DIGITS = 40
_LAST_DATE_MS = 253_402_300_799_999  # 9999-12-31, where ISO dates end


@dataclass(frozen=True, slots=True)
class QuarantinedLines:
    """Log events of one delivery that were quarantined for one reason."""

    reason: str
    content: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]

    @property
    def payload(self) -> dict[str, object]:
        log_events = [entry.get("logEvent", _as_delivered(entry)) for entry in self.entries]
        return subscription_payload(self.content, log_events)

    @property
    def first_timestamp(self) -> int | None:
        """Epoch ms of the log; None where no entry says it, or one says what is no time."""
        # `type`, since JSON's true is an int to Python.
        stamps = [one for entry in self.entries if type(one := entry.get("timestamp")) is int]
        first = min(stamps, default=-1)
        return first if 0 <= first <= _LAST_DATE_MS else None

    def only(self, entries: Sequence[Mapping[str, Any]], reason: str) -> "QuarantinedLines":
        """Some of the entries, as an object of their own."""
        content = {**self.content, "reason": reason, "logEvents": list(entries)}
        return QuarantinedLines(reason, content, entries)

    def as_object(self) -> tuple[str, bytes]:
        """Name and body as metering would write them: the same content, the same object."""
        body = json.dumps(self.content, ensure_ascii=True).encode()
        digest = sha256(body).hexdigest()[:_HASH_DIGITS]
        return f"{KEPT}{self.reason}/{_hour(self.first_timestamp)}/{digest}.json", body


@dataclass(frozen=True, slots=True)
class QuarantinedDelivery:
    """A whole Lambda event."""

    reason: str
    payload: Mapping[str, object]


def reason_of(key: str) -> str:
    """What a filter calls it: the folder, or `failed_delivery` for Lambda's own records."""
    if key.startswith(FAILED):
        return FAILED_DELIVERY
    return key.removeprefix(KEPT).partition("/")[0]


def prefixes_of(reasons: Iterable[str] | None) -> list[str]:
    """Where the objects of these reasons stand (None: all), in the order of their names."""
    if reasons is None:
        return [FAILED, KEPT]
    folders = {FAILED if one == FAILED_DELIVERY else f"{KEPT}{one}/" for one in reasons}
    return sorted(folders)


def read_kept(key: str, body: bytes) -> QuarantinedLines | QuarantinedDelivery | None:
    """None for what nobody here can read: it stays where it is."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    reason = reason_of(key)
    if reason == FAILED_DELIVERY:
        return _delivery(reason, content.get("requestPayload"))
    if reason == DELIVERY:
        return _delivery(reason, _payload_in(content.get("payload"), content.get("reason")))
    entries = content.get("logEvents")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return None
    return QuarantinedLines(reason, content, entries)


def subscription_payload(
    place: Mapping[str, Any], log_events: Iterable[object]
) -> dict[str, object]:
    """The Lambda event that CloudWatch Logs would make of these log events."""
    names = ("owner", "logGroup", "logStream")
    envelope = {"messageType": "DATA_MESSAGE", **{name: place.get(name) for name in names}}
    text = json.dumps({**envelope, "logEvents": list(log_events)}).encode()
    return {"awslogs": {"data": b64encode(gzip.compress(text, 1, mtime=0)).decode()}}


def _as_delivered(entry: Mapping[str, Any]) -> dict[str, object]:
    return {name: entry.get(name) for name in ("id", "timestamp", "message")}


def _delivery(reason: str, payload: object) -> QuarantinedDelivery | None:
    if not isinstance(payload, dict):
        return None
    return QuarantinedDelivery(reason, cast("Mapping[str, object]", payload))


def _payload_in(kept: object, reason: object) -> object:
    """The text at `awslogs.data`, or all of an event that had none, as JSON text."""
    if not isinstance(kept, str):
        return None
    if reason != "not_a_delivery":
        return {"awslogs": {"data": kept}}
    try:
        return json.loads(kept)
    except (ValueError, RecursionError):
        return None


def _hour(first_timestamp: int | None) -> str:
    if first_timestamp is None:
        return "undated"
    day, _, rest = iso_from_epoch_ms(first_timestamp).partition("T")
    return f"{day}/{rest[:2]}"
