"""Lines of an access log, in whatever format, through the whole of metering."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from functions.metering.field_names import COMMON_NAMES
from tests.fakes.access_log_lines import REQUEST_TIME_MS, access_line, distinct_line
from tests.fuzz.delivery_promises import is_understood, nothing_is_lost
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.fuzzed_metering import (
    CUSTOMERS,
    FOREIGN,
    LOG_GROUPS,
    PAYING_KEYS,
    Metered,
    configuration,
    meter,
)
from tests.fuzz.target import Target, must

CORPUS = Path(__file__).parents[2] / "corpus"
STAMPS: tuple[object, ...] = (REQUEST_TIME_MS, None, -1, 2**63, "1784512215218", True, 10**12)
_ABSENT = {"", "-", "(none)"}
_CUSTOMER_NAMES = set(COMMON_NAMES["customerId"])
_KEY_NAMES = set(COMMON_NAMES["apiKeyId"])


def check(data: bytes) -> None:
    """Each line ends once; a line gives the same alone and among others; who pays is named."""
    fuzzed = FuzzedInput(data)
    group = fuzzed.one_of(LOG_GROUPS)
    terms = configuration(rich=fuzzed.one_of((False, True)))
    log_events = [
        {"id": f"{place:056}", "timestamp": fuzzed.one_of(STAMPS), "message": text}
        for place, text in enumerate(fuzzed.texts[:8])
    ]
    whole = meter(log_events, group, terms)
    _all_end_once(whole, len(log_events))
    nothing_is_lost(whole)
    is_understood(whole)
    alone = [meter([one], group, terms) for one in log_events]
    apart = [event for one in alone for event in one.events]
    must(apart == whole.events, "a line gives the same events alone and among others", apart)
    for log_event, metered in zip(log_events, alone, strict=True):
        _is_named(metered, str(log_event["message"]), group)


def _all_end_once(metered: Metered, lines: int) -> None:
    found = metered.taken.found
    assert found is not None
    ends = found.billed, found.excluded.total(), len(found.quarantined)
    must(sum(ends) == lines, "each line is billed, excluded or quarantined, once", ends, lines)


def _is_named(metered: Metered, line: str, group: str) -> None:
    payers = {event["customerId"] for event in metered.events}
    if payers:
        named = _payers(json.loads(line), group)
        must(payers <= named, "nobody pays whom the trusted field does not name", payers, line)


def _payers(line: dict[str, Any], group: str) -> set[str]:
    """Whom a line names, read in another way than metering does."""
    leaves = list(_leaves(line))
    if group in PAYING_KEYS:
        path, fact = PAYING_KEYS[group]
        said = {_text(value) for name, value in leaves if name == path}
        return said if fact == "customerId" else {CUSTOMERS.get(one, "") for one in said}
    customers = {_text(one) for name, one in leaves if _squeezed(name) in _CUSTOMER_NAMES}
    keys = {_text(one) for name, one in leaves if _squeezed(name) in _KEY_NAMES}
    return customers - _ABSENT or {CUSTOMERS.get(one, "") for one in keys}


def _leaves(value: dict[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}", inner


def _squeezed(name: str) -> str:
    short = "".join(sign for sign in name.lower() if sign not in "._-$ ")
    return short.removeprefix("context") or short


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)


def seeds() -> Iterable[bytes]:
    """Our own lines, one of each group's, and those of the corpus of real ones."""
    yield input_of("00", access_line(), distinct_line(1, status="401"))
    yield input_of("01", access_line(units="3.5", tools='["a","b"]', agent="a", session="s"))
    yield input_of("10", nested_line(), access_line())
    yield input_of("110", nested_line(usage={"units": 7}, tools=["t"], agent="a", session="s"))
    yield input_of("20", keyed_line(), keyed_line(key="nobody"))
    yield input_of("30", access_line(v=None), access_line(v="2"))
    for name in ("access-log-lines.jsonl", "field-formats.jsonl"):
        for sample in (CORPUS / name).read_text().splitlines():
            yield input_of(f"{LOG_GROUPS.index(FOREIGN)}0", *json.loads(sample)["lines"][:4])


def nested_line(**changes: object) -> str:
    """A line of the format that has its facts inside objects."""
    line = {
        "ids": {"extended": "AyD6_FHMvHcECIA=", "request": "abe23b51-3a85-4167-851d-9ab66fc506b3"},
        "auth": {"customer": "cus_7Qm2", "tenantId": "tenant_1"},
        "time": "20/Jul/2026:01:50:15 +0000",
        "code": 200,
        "httpMethod": "GET",
        "resourcePath": "/pets/{id}",
        "responseLength": 512,
        "userAgent": "curl/8",
    }
    return json.dumps({**line, **changes})


def keyed_line(**changes: object) -> str:
    """A line that names an API key's id."""
    line = {
        "extendedRequestId": "AyD6_FHMvHcECIA=",
        "stage": "prod",
        "status": "200",
        "requestTimeEpoch": str(REQUEST_TIME_MS),
        "resourcePath": "/pets/{id}",
        "key": "k1l2m3n4o5",
        "path": "/pets/7",
    }
    return json.dumps({**line, **changes})


WORDS = (
    *COMMON_NAMES,
    *("auth", "auth.customer", "ids", "ids.extended", "code", "key", "units", "usage", "tools"),
    *("agent", "session", "v", "1", "cus_7Qm2", "cus_other", "k1l2m3n4o5", "AIDAEXAMPLE"),
    *("tenant_1", "tenant_2", "none", "UNAUTHORIZED", "ACCESS_DENIED", "payload"),
    *("event_timestamp", "AyD6_FHMvHcECIA=", "userAgent", "context.authorizer.customerId"),
)
TARGET = Target("access_lines", check, seeds, WORDS)
