"""Lambda events of metering: whatever bytes, envelopes and questions."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from functions.adapters.quarantined_object import QuarantinedDelivery, read_kept
from functions.metering.accounting import Accounting
from functions.metering.declared_source import DeclaredSource
from functions.metering.metered_again import as_delivered
from functions.usage.heartbeat import HEARTBEAT_STREAM, heartbeat_line
from tests.fakes.access_log_lines import (
    REGION,
    REQUEST_TIME_MS,
    access_line,
    packed_payload,
    subscription_payload,
)
from tests.fakes.metering import FixedTerms
from tests.fuzz.delivery_promises import is_understood, nothing_is_lost
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.fuzzed_metering import NOW_MS, OWN_LOG_GROUP, Metered, configuration, take
from tests.fuzz.target import Target, must

ALL_OF_TIME = {"fromMs": 0, "toMs": 2**60, "beyondMs": 2**60}


def check(data: bytes) -> None:
    """Every event ends in one way, and an audit of the same lines says the same."""
    fuzzed = FuzzedInput(data)
    payload = fuzzed.one_of((_envelope, _whole, _base64, _gzipped, _cut))(fuzzed.rest)
    terms = configuration(rich=fuzzed.one_of((False, True)))
    try:
        metered = take(payload, terms)
    except ValidationError:
        asks = isinstance(payload, dict) and "replay" in payload
        must(asks, "only a replay that asks wrongly is refused by an exception", payload)
        return
    nothing_is_lost(metered)
    if _is_usage(metered):
        is_understood(metered)
    _ends_once(metered)
    _is_kept_whole(metered, payload)
    if metered.taken.found and isinstance(payload, dict) and "replay" not in payload:
        _audit_agrees(metered, payload)


def _envelope(text: str) -> object:
    return packed_payload(text.encode("utf-8", "surrogateescape"))


def _whole(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _base64(text: str) -> object:
    return {"awslogs": {"data": text}}


def _gzipped(text: str) -> object:
    zipped = text.encode("utf-8", "surrogateescape")
    return {"awslogs": {"data": base64.b64encode(zipped).decode()}}


def _cut(text: str) -> object:
    zipped = gzip.compress(text.encode("utf-8", "surrogateescape"), mtime=0)
    return {"awslogs": {"data": base64.b64encode(zipped[: len(zipped) * 3 // 4]).decode()}}


def _is_usage(metered: Metered) -> bool:
    return not any("heartbeatAtMs" in body for body in metered.bodies)


def _ends_once(metered: Metered) -> None:
    taken = metered.taken
    ends = [taken.found is not None, bool(taken.excluded_whole), bool(taken.quarantined_whole)]
    heartbeats = taken == type(taken)()
    must(sum(ends) + heartbeats == 1, "a delivery ends in one way", taken)
    json.dumps(taken.answer(), ensure_ascii=False).encode()


def _is_kept_whole(metered: Metered, payload: object) -> None:
    """What could not be read comes back as it came."""
    if not metered.taken.quarantined_whole or not metered.objects:
        return
    ((key, body),) = metered.objects.items()
    kept = read_kept(key, body)
    if isinstance(payload, dict) and metered.taken.quarantined_whole != "not_a_delivery":
        must(isinstance(kept, QuarantinedDelivery), "a replay can read a whole delivery", body)
        assert isinstance(kept, QuarantinedDelivery)
        data = as_delivered(payload)["awslogs"]["data"]  # type: ignore[index]
        must(kept.payload == {"awslogs": {"data": data}}, "a delivery is kept as it came", body)


def _audit_agrees(metered: Metered, payload: dict[str, Any]) -> None:
    asked = {**payload, "audit": ALL_OF_TIME, "replay": {}}
    source, terms = DeclaredSource(REGION), FixedTerms(configuration(rich=False))
    if metered.taken.found:
        terms = FixedTerms(metered.taken.found.configuration)
    answer = Accounting(source, terms, lambda: NOW_MS).answer(asked, OWN_LOG_GROUP)
    account = _account(str(answer["account"]))
    keys = [row[0] for _, _, rows in account.get("billed", ()) for row in rows]
    must(
        keys == [event["idempotencyKey"] for event in metered.events],
        "an audit tells what a delivery sends",
        account,
    )


def _account(packed: str) -> dict[str, Any]:
    """Empty where there is nothing to tell."""
    found: Any = json.loads(zlib.decompress(base64.b64decode(packed))) if packed else {}
    return dict(found)


def seeds() -> Iterable[bytes]:
    """A delivery, a control message, heartbeats, a replay's question, and bytes that are none."""
    envelope = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/foreign",
        "logStream": "s",
        "subscriptionFilters": ["usage"],
        "logEvents": [{"id": "1", "timestamp": REQUEST_TIME_MS, "message": access_line()}],
    }
    odd: list[object] = [None, 7, "x", [], {}, {"message": None}, {"timestamp": "7", "message": ""}]
    line = heartbeat_line(REQUEST_TIME_MS)
    for one in (
        envelope,
        {**envelope, "messageType": "CONTROL_MESSAGE"},
        {**envelope, "logEvents": odd},
        {**envelope, "logGroup": OWN_LOG_GROUP},
        {**envelope, "logStream": HEARTBEAT_STREAM, "logEvents": [{"message": line}]},
    ):
        yield input_of("0", json.dumps(one))
    payload = subscription_payload([access_line()])
    replay = {"id": "r1", "dryRun": False, "fromLog": True, "maybeBilled": True}
    yield input_of("1", json.dumps(payload))
    yield input_of("1", json.dumps({**payload, "replay": replay}))
    yield input_of("1", json.dumps({"awslogs": [], "Authorization": "Bearer x"}))
    yield input_of("2", payload["awslogs"]["data"])
    yield b"3\n" + base64.b64decode(payload["awslogs"]["data"])
    yield input_of("4", json.dumps(envelope))


WORDS = (
    *("messageType", "DATA_MESSAGE", "CONTROL_MESSAGE", "owner", "logGroup", "logStream", "id"),
    *("logEvents", "timestamp", "message", "awslogs", "data", "replay", "audit", "dryRun"),
    *("fromLog", "maybeBilled", "customerId", "aforo-heartbeat", "/foreign", OWN_LOG_GROUP),
)
TARGET = Target("deliveries", check, seeds, WORDS)
