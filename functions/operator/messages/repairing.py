"""What the forwarder could not read, and a person's changes, come in; a usage message that it can
read leaves. Pure.

Guaranteed: no event gets another key, customer, quantity or instant, and none leaves unnamed. What
the forwarder would still refuse is refused here, with its words.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.forwarder.inbox import ReceivedHeartbeat, Unreadable, read_inbox
from functions.operator.messages.mending import Mend, differences, mended
from functions.operator.messages.queue_message import QueueMessage
from functions.usage.errors import Permanent
from functions.usage.event import KEY_DIGITS, KEY_PREFIX
from functions.usage.message import to_body
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object

_KEY = re.compile(rf"{KEY_PREFIX}[0-9a-f]{{{KEY_DIGITS}}}")


class MendedMessage(NamedTuple):
    """`body` goes to UsageQueue. `fault` is the forwarder's, of the text as it was."""

    body: str
    fault: str
    events: int
    changes: list[str]


def text_of(message: QueueMessage) -> str:
    """What is to be repaired: the text that the forwarder kept, or the body itself."""
    text = message.content.get("unreadable")
    return text if isinstance(text, str) else message.body


def repair(message: QueueMessage, mend: Mend) -> MendedMessage:
    """Permanent says what is still wrong, or what must stay as it is."""
    text = text_of(message)
    document = mended(text, mend)
    found = read_object(text)
    before = None if isinstance(found, Quarantined) else found
    _check_identity(_events(before), text, document["events"], mend)
    _check_doubts(before, text, document)
    record = message.content.get("setAside")
    history = document.get("history", [])
    if not isinstance(history, list):
        raise Permanent("--file: history: must be a list, or leave it out")
    # The tries that the forwarder noted go with it: they say whether Aforo may have it.
    whole = {**document, "history": [*history, *([record] if isinstance(record, dict) else [])]}
    whole.pop("setAside", None)
    if not whole["events"]:
        raise Permanent(
            "--drop: no event is left to send: `aforo-metering message take` removes it"
        )
    body = to_body(whole)
    if fault := fault_of(body):
        raise Permanent(f"ID: it cannot be read yet: {fault}: --set it, or give --file")
    return MendedMessage(
        body=body,
        fault=str(message.content.get("fault") or fault_of(text) or "none"),
        events=len(whole["events"]),
        changes=list(differences(before, document)) if before else ["all of it"],
    )


def fault_of(body: str) -> str | None:
    """Why the forwarder would not take a body for usage; None: it would."""
    attributes = {"SentTimestamp": "0", "ApproximateReceiveCount": "1"}
    record = {"messageId": "", "receiptHandle": "", "body": body, "attributes": attributes}
    (found,) = read_inbox([record])
    if isinstance(found, ReceivedHeartbeat):
        return "it is a heartbeat"
    return found.fault if isinstance(found, Unreadable) else None


def _events(document: Mapping[str, Any] | None) -> list[Any]:
    found = (document or {}).get("events")
    return found if isinstance(found, list) else []


def _check_identity(before: list[Any], text: str, after: list[dict[str, Any]], mend: Mend) -> None:
    originals = {one["idempotencyKey"]: one for one in before if _has_key(one)}
    # A text that is no JSON still shows its keys.
    known = Counter(originals if before else _KEY.findall(text))
    for drop in mend.drops:
        if drop not in known and not (drop.isdigit() and int(drop) < len(before)):
            raise Permanent(f"--drop {drop}: no event has this key, and none this number")
    for event in after:
        key = event.get("idempotencyKey")
        if not isinstance(key, str) or key not in known:
            raise Permanent(f"--file: idempotencyKey {json.dumps(key)}: is no key of this message")
        _check_same(originals.get(key, {}), event, key)
    if twice := [key for key, times in Counter(_keys(after)).items() if times > 1]:
        raise Permanent(f"--file: idempotencyKey {twice[0]}: stands twice")
    gone = [key for key in known if key not in _keys(after) and key not in mend.drops]
    if gone and not _by_number(before, gone, mend):
        raise Permanent(f"--drop {gone[0]}: name each event that leaves ({len(gone)} would)")


def _check_doubts(before: Mapping[str, Any] | None, text: str, after: Mapping[str, Any]) -> None:
    """What says whether Aforo may have the events stays, unless it is what could not be read."""
    was = (before or {}).get("history")
    is_fault = (fault_of(text) or "").startswith("history")
    if isinstance(was, list) and was != after.get("history") and not is_fault:
        raise Permanent("history: stays as it is: it says whether Aforo may have the events")
    if after.get("decided") != (before or {}).get("decided"):
        fix = "a repair decides nothing: `aforo-metering message decide` does"
        raise Permanent(f"decided: {fix}")


def _by_number(before: list[Any], gone: list[str], mend: Mend) -> bool:
    numbers = {int(drop) for drop in mend.drops if drop.isdigit()}
    dropped = {
        one["idempotencyKey"] for at, one in enumerate(before) if at in numbers and _has_key(one)
    }
    return set(gone) <= dropped


def _keys(events: list[dict[str, Any]]) -> list[str]:
    return [event["idempotencyKey"] for event in events]


def _has_key(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("idempotencyKey"), str)


def _check_same(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> None:
    """A field that could be read stays what it was; one that could not is what is repaired."""
    for name, kinds in (("customerId", str), ("quantity", int | float)):
        was = before.get(name)
        if isinstance(was, kinds) and not isinstance(was, bool) and was != after.get(name):
            raise Permanent(
                f"{name} of {key}: stays {json.dumps(was)}: it says who pays, and how much"
            )
    was_ms, is_ms = _instant(before.get("occurredAt")), _instant(after.get("occurredAt"))
    if was_ms is not None and was_ms != is_ms:
        raise Permanent(f"occurredAt of {key}: stays the same instant, {before['occurredAt']}")


def _instant(moment: object) -> int | None:
    try:
        return epoch_ms_from_iso(str(moment))
    except ValueError:
        return None
