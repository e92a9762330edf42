"""Bodies of SettledUsageQueue, and Aforo's answers to a fetch, as reconciliation reads them."""

import json
from collections.abc import Iterable
from datetime import timedelta

from functions.reconciliation.answers import Guard, KeysAnswer, Quota
from functions.reconciliation.commands import body_of
from functions.reconciliation.fetch_answer import Unusable, read_guard, read_keys, read_quota
from functions.reconciliation.inbox import (
    CommandList,
    Heartbeat,
    RefusedBody,
    Stall,
    read_body,
)
from functions.reconciliation.settling import sort_settled
from functions.usage.message import SettledUsage
from tests.fakes.access_log_lines import LOG_GROUP
from tests.fakes.token_issuer import TokenIssuer
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.fuzzed_metering import NOW_MS
from tests.fuzz.target import Target, must

HORIZON = timedelta(days=60)
LARGEST_SUM = 2**53


def check(data: bytes) -> None:
    """Every event is in one settlement or counted; a command is the same when it is read again."""
    fuzzed = FuzzedInput(data)
    if fuzzed.one_of((False, True)):
        _answers(fuzzed.rest.encode("utf-8", "surrogateescape"))
        return
    read = read_body(fuzzed.body)
    if isinstance(read, list):
        _all_are_settled(read)
    elif isinstance(read, RefusedBody):
        must(read.fault, "a refusal says why", fuzzed.rest)
    elif isinstance(read, CommandList):
        for command in read.commands:
            must(read_body(body_of(command)) == command, "a command is read as written", command)
    elif not isinstance(read, Heartbeat | Stall):
        must(read_body(body_of(read)) == read, "a command is read as written", read)


def _all_are_settled(usage: list[SettledUsage]) -> None:
    found = sort_settled([("m1", usage), ("m2", usage)], NOW_MS, HORIZON)
    counted = sum(len(batch.settlement.marks) for batch in found.batches)
    total = counted + found.changes_nothing.total()
    must(total == 2 * len(usage), "every event is settled or counted", found)
    for batch in found.batches:
        cells, marks, quantities = batch.settlement[2:5]
        must(len(cells) == len(marks) == len(quantities) <= 100, "one of each", batch)
        must(
            all(0 < one <= LARGEST_SUM and type(one) is int for one in quantities), "counts", batch
        )


def _answers(body: bytes) -> None:
    """What is no answer changes nothing, and what is one stays within its bounds."""
    quota, guard, keys = read_quota(body), read_guard(body), read_keys(body, NOW_MS)
    must(isinstance(quota, Quota | Unusable), "a quota or none", quota)
    must(isinstance(guard, Guard | Unusable), "a guard or none", guard)
    must(isinstance(keys, KeysAnswer | Unusable), "keys or none", keys)
    for said in (quota, guard, keys):
        if isinstance(said, Quota | Guard | KeysAnswer):
            again = json.loads(json.dumps(said.model_dump(mode="json", by_alias=True)))
            must(type(said).model_validate(again) == said, "an answer is read as written", said)


def seeds() -> Iterable[bytes]:
    """Settled usage, each kind of command, signs, and answers."""
    usage = {
        "key": "apigw1-0123456789abcdef0123456789abcdef01234567",
        "customerId": "cus_7Qm2",
        "meter": "api_calls",
        "quantity": 1,
        "occurredAt": "2026-07-20T01:50:15.218Z",
    }
    yield input_of("0", json.dumps({"version": 1, "settled": [usage, {**usage, "quantity": 0.5}]}))
    grant = {"customerId": "c", "meter": "m", "limit": 5, "ratePerSecond": 1, "burst": 2}
    hour = 3_600_000
    key = json.loads(TokenIssuer().key_set())["keys"][0]
    credential = {"apiKeySha256": "0" * 64, "customerId": "c", "keyId": "k", "environment": "live"}
    commands: list[dict[str, object]] = [
        {"kind": "open"},
        {"kind": "grant", **grant, "period": "month", "anchorDay": 31},
        {"kind": "grant", **grant, "startMs": hour, "endMs": 2 * hour},
        {"kind": "limit", "customerId": "c", "meter": "m", "limit": 1},
        {"kind": "status", "customerId": "c", "status": "suspended"},
        {"kind": "credential", **credential, "scopes": ["a"], "usageIdentifier": "u"},
        {"kind": "usage_plan", "customerId": "c", "usageIdentifier": "u"},
        {"kind": "mode", "customerId": "c", "mode": "shadow"},
        {"kind": "jwks", "keys": [key]},
        {"kind": "guard", "customerId": "c", "level": "L2_THROTTLE", "allowPercent": 5},
        {"kind": "close", "closings": [{"customerId": "c", "meter": "m", "sums": [[1, 2]]}]},
    ]
    for command in commands:
        yield input_of("0", json.dumps({**command, "version": 7}))
    revocation = {"kind": "revocation", "jti": "j", "untilMs": 5}
    status = {"kind": "status", "customerId": "c", "status": "active", "version": 1}
    yield input_of("0", json.dumps(revocation))
    yield input_of("0", json.dumps({"kind": "commands", "commands": [revocation, status, {}]}))
    rebuild = {"kind": "rebuild", "version": 1, "part": 0, "commands": [status]}
    yield input_of("0", json.dumps(rebuild))
    yield input_of("0", json.dumps({"version": 1, "heartbeatAtMs": 7, "logGroup": LOG_GROUP}))
    yield input_of("0", json.dumps({"version": 1, "stalledSinceMs": 7, "stalledUntilMs": 8}))
    yield input_of("1", json.dumps({"decision": "ALLOW", "currentUsage": 5, "limit": 9.5}))
    data = {"level": "L3_BLOCK", "throttleRate": 0, "retryAfterSeconds": 1.5}
    yield input_of("1", json.dumps({"success": True, "data": data}))
    yield input_of("1", TokenIssuer().key_set())


WORDS = (
    *("version", "settled", "key", "customerId", "meter", "quantity", "occurredAt", "kind"),
    *("commands", "grant", "limit", "period", "month", "day", "hour", "anchorDay", "startMs"),
    *("endMs", "upcoming", "ratePerSecond", "burst", "lagSeconds", "allowWhenUnknown", "open"),
    *("status", "active", "closed", "credential", "apiKeySha256", "keyId", "tenantId", "scopes"),
    *("environment", "live", "usageIdentifier", "revoked", "revocation", "jti", "untilMs"),
    *("jwks", "keys", "kid", "kty", "RSA", "n", "e", "use", "sig", "alg", "RS256", "guard"),
    *("level", "L1_ALERT", "allowPercent", "retrySeconds", "close", "closings", "sums", "rebuild"),
    *("part", "decision", "ALLOW", "DENY", "currentUsage", "success", "data", "throttleRate"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-07-20T01:50:15.218+14:00"),
)
TARGET = Target("settled_messages", check, seeds, WORDS)
