"""Bodies of UsageQueue and UsageDeadLetterQueue, as the forwarder and a replay read them."""

import json
from collections.abc import Iterable
from datetime import datetime

from functions.forwarder.inbox import (
    Received,
    ReceivedHeartbeat,
    ReceivedStall,
    Unreadable,
    read_inbox,
)
from functions.forwarder.packing import body_of, distinct
from functions.replay.order import NotUnderstood, Order, read_order
from functions.replay.selection import Take, WaitingMessage, select
from functions.usage.message import UsageMessage, to_body
from functions.usage.moment import hour_of
from tests.fakes.access_log_lines import LOG_GROUP, access_line, log_events
from tests.fakes.set_aside_messages import event, message, record
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.fuzzed_metering import NOW_MS, configuration, meter
from tests.fuzz.target import Target, must

_ORDERS: tuple[dict[str, object], ...] = (
    {},
    {"filter": {"class": ["poison", "exhausted", "config", "ambiguous"]}},
    {"filter": {"customerId": "cus_7Qm2", "olderThan": "2026-10-02T08:00:00Z"}},
    {"sendAmbiguous": True, "filter": {"class": ["ambiguous", "exhausted"]}},
)
RECEIVES = ("1", "2", "100")


def check(data: bytes) -> None:
    """No body is lost or raises; what a replay puts back the forwarder can read."""
    fuzzed = FuzzedInput(data)
    order, receives = _order(fuzzed.one_of(_ORDERS)), fuzzed.one_of(RECEIVES)
    body = fuzzed.body
    read = _read(body, receives)
    must(isinstance(read, Received | ReceivedHeartbeat | ReceivedStall | Unreadable), "one of four")
    if isinstance(read, Received):
        _goes_on(read.message, receives)
    waiting = WaitingMessage("m1", "r1", body, NOW_MS - 1000, int(receives))
    chosen = select(waiting, order, "replay-1", NOW_MS)
    if isinstance(chosen, Take):
        _nothing_is_lost(json.loads(body), chosen)
        _goes_on(chosen.back, receives)


def _order(found: object) -> Order:
    order = read_order(found)
    assert not isinstance(order, NotUnderstood)
    return order


def _read(body: str, receives: str) -> Received | ReceivedHeartbeat | ReceivedStall | Unreadable:
    attributes = {"SentTimestamp": str(NOW_MS - 1000), "ApproximateReceiveCount": receives}
    record = {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": attributes}
    (read,) = read_inbox([record])
    return read


def _goes_on(message: UsageMessage, receives: str) -> None:
    """Written and read again it is the same, and what is posted of it is JSON."""
    again = _read(to_body(message), receives)
    must(isinstance(again, Received), "a message that is put back can be read", message, again)
    assert isinstance(again, Received)
    must(again.message["events"] == message["events"], "its events stay what they are", message)
    found = distinct(message["events"])
    json.loads(body_of(list(found.keyed_events.values())))
    keys = {one["idempotencyKey"] for one in message["events"]}
    must(found.keyed_events.keys() == keys, "every key is posted", keys)
    for one in message["events"]:
        datetime.strptime(hour_of(one["occurredAt"]), "%Y-%m-%dT%H")  # noqa: DTZ007 - of the form


def _nothing_is_lost(body: dict[str, list[object]], chosen: Take) -> None:
    rest = chosen.rest["events"] if chosen.rest else []
    there = len(chosen.back["events"]) + len(rest)
    must(there == len(body["events"]), "every event is put back or stays", chosen)


def seeds() -> Iterable[bytes]:
    """What metering sends, what was set aside, heartbeats, stalls."""
    terms = configuration(rich=True)
    lines = [access_line(units="2", tools='["a"]', agent="a", session="s"), access_line()]
    for body in meter(log_events(lines), LOG_GROUP, terms).bodies:
        yield input_of("00", body)
    for body in meter(log_events(lines), LOG_GROUP, configuration()).bodies:
        yield input_of("01", body)
        held = {"firstSentAt": "2026-10-02T08:00:00.000Z", "tries": 3}
        held |= {"firstTriedAt": held["firstSentAt"], "maybeBilledSince": held["firstSentAt"]}
        refused = {"k": {"reason": "internal", "refusedAt": "2026-10-02T08:00:00.000Z"}}
        more = {"held": held, "refused": refused, "decided": True, "replayId": "r"}
        yield input_of("11", to_body({**json.loads(body), **more}))
    for number in range(len(_ORDERS)):
        yield input_of(f"{number}0", to_body(message([event(1), event(2)], record("poison"))))
        yield input_of(f"{number}1", to_body(message([event(1)], record("ambiguous"))))
    beat = {"version": 1, "heartbeatAtMs": NOW_MS, "logGroup": LOG_GROUP}
    stall = {"version": 1, "stalledSinceMs": NOW_MS, "stalledUntilMs": NOW_MS + 1}
    signs: list[object] = [beat, stall, {**beat, "events": []}, {}, [], "x"]
    for sign in signs:
        yield input_of("00", json.dumps(sign))


WORDS = (
    *("version", "meteredAt", "events", "setAside", "history", "replayId", "decided", "held"),
    *("refused", "heartbeatAtMs", "stalledSinceMs", "stalledUntilMs", "logGroup", "customerId"),
    *("metricName", "quantity", "occurredAt", "idempotencyKey", "productType", "metadata"),
    *("meter", "setAsideClass", "reason", "status", "instance", "tries", "firstTriedAt"),
    *("lastTriedAt", "maybeBilledSince", "firstSentAt", "refusedAt", "poison", "exhausted"),
    *("2026-10-02T08:00:00.000Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"),
    *("20261002T080000Z", "2026-W40-5T08Z", "2026-10-02", "2026-10-02 08:00Z"),
)
TARGET = Target("usage_messages", check, seeds, WORDS)
