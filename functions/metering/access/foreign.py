"""An access log line in somebody else's format: JSON by a declared field map and the common names,
or CLF. The facts of one request leave, under the same rules as those of our own format.

Nothing raises. Who pays is taken only from a declared key, or from a line that holds no text of a
client's: in any other, a quote in a User-Agent could have written it (gateway-logs.md 2.3).
"""

from collections.abc import Mapping, Sequence

from functions.metering.access.common_log_format import read_clf
from functions.metering.access.field_plan import FieldPlan, plan_of
from functions.metering.access.foreign_line import OTHER_SOURCE, VENDED_KEYS, other_line
from functions.metering.access.forgeable import believed, forged
from functions.metering.access.format_family import IN_CLF, unreadable
from functions.metering.access.format_v1 import (
    BAD_TIME,
    NO_PAYER_KEY,
    UNKNOWN_FORMAT,
    both,
    read_texts,
)
from functions.metering.access.request_time import time_ms
from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.metering.field_names import (
    COMMON_NAMES,
    FieldName,
    common_name,
    last_name,
    leaves,
)
from functions.metering.line_context import context_of
from functions.metering.line_text import ABSENT, stain, text_of
from functions.metering.request import NO_CONTEXT, Request
from functions.usage.outcome import Excluded, Quarantined
from functions.usage.strict_json import INVALID, NOT_AN_OBJECT, read_object, read_plain

TIMES_DIFFER = Quarantined("bad_time", "requestTimeEpoch and requestTime are not one moment")

UNSUPPORTED_API = Quarantined(
    "unsupported_api",
    "a line of an HTTP or WebSocket API: nobody promises that a client cannot choose its request "
    "id, so it is not billed; REST APIs are supported",
)

UNDECLARED = AccessLogDeclaration()
# Where two keys name one of these differently, nobody knows which of them the gateway wrote.
_SAID_ONCE = ("accountId", "apiId", "stage", "extendedRequestId", "customerId", "apiKeyId")
# One alone may stand in any JSON; two make an access log.
_TELLING = (
    "status",
    "requestId",
    "extendedRequestId",
    "httpMethod",
    "resourcePath",
    "routeKey",
    "requestTimeEpoch",
    "requestTime",
    "responseLatency",
)
_FEWEST = 2
_NO_OBJECT = frozenset({INVALID, NOT_AN_OBJECT})
_OBJECT_WITHIN = '":{'
# What every request's line says, and no vended line of an execution log.
_NOT_VENDED: tuple[FieldName, ...] = ("status", "extendedRequestId")
_NAMES_NOT_VENDED = frozenset(name for field in _NOT_VENDED for name in COMMON_NAMES[field])
# requestTime is to the second, and is written apart from requestTimeEpoch.
_ONE_MOMENT_MS = 60_000

type Found = Request | Excluded | Quarantined


def read_foreign_line(
    line: str,
    declaration: AccessLogDeclaration,
    account_id: str | None,
    region: str,
    stamp_ms: int | None = None,
) -> Found:
    """The facts in one line. `account_id` owns the log group and, with it, the stage that writes
    there; it counts where neither line nor declaration says one. `stamp_ms` is the log event's.
    """
    if not line.startswith("{"):
        skipped = other_line(line)
        if skipped is not None:
            return skipped
        texts = read_clf(line)
        if texts is not None:
            request = _request(texts, declaration, account_id, region)
            is_other_api = request.fault is UNSUPPORTED_API
            return request._replace(fault=UNSUPPORTED_API if is_other_api else IN_CLF)
    # Both read a plain line alike. One with an object in it is none, and to find that out is dear.
    members = (None if _OBJECT_WITHIN in line else read_plain(line)) or read_object(line)
    if isinstance(members, Quarantined):
        return unreadable(line, members) if members in _NO_OBJECT else members
    return _read_members(members, declaration, account_id, region, stamp_ms)


def _read_members(
    members: Mapping[str, object],
    declaration: AccessLogDeclaration,
    account_id: str | None,
    region: str,
    stamp_ms: int | None,
) -> Found:
    flat = leaves(members)
    plan = plan_of(tuple(path for path, _ in flat), declaration.fields_)
    found = _texts(plan, [text_of(value) for _, value in flat])
    if isinstance(found, Quarantined):
        return found
    # A client could write the two keys into a request's line, to make it free.
    if members.keys() >= VENDED_KEYS and _is_vended(flat, declaration):
        return OTHER_SOURCE
    doubt = None if plan.is_unforgeable else forged(plan, found, declaration)
    if doubt is not None:
        return doubt
    request = _request(found, declaration, account_id, region, _context(flat, plan, declaration))
    if not plan.has_payer:
        request = request._replace(unverified=NO_PAYER_KEY)
    # A `v` that is not 1 is our own format, changed (aforo-contract.md 1.2).
    if not declaration.fields_ and ("v" in members or not _is_telling(found)):
        return request._replace(fault=UNKNOWN_FORMAT)
    if plan.is_unforgeable:
        return request
    return believed(request, plan, declaration, account_id, stamp_ms)


def _context(
    flat: Sequence[tuple[str, object]], plan: FieldPlan, declaration: AccessLogDeclaration
) -> Mapping[str, object]:
    said = dict(flat) if plan.is_distinct else context_of(flat, plan.first)
    declared = declaration.context.items()
    return said | {name: said[path] for name, path in declared if path in said}


def _is_vended(flat: Sequence[tuple[str, object]], declaration: AccessLogDeclaration) -> bool:
    """Also a hidden key keeps its last name."""
    declared = {last_name(path) for path in map(declaration.fields_.get, _NOT_VENDED) if path}
    names = {last_name(path) for path, _ in flat}
    return names.isdisjoint(declared) and _NAMES_NOT_VENDED.isdisjoint(map(common_name, names))


def _is_telling(texts: Mapping[str, str]) -> bool:
    return sum(name in texts for name in _TELLING) >= _FEWEST


def _texts(plan: FieldPlan, texts: Sequence[str]) -> dict[str, str] | Quarantined:
    """The text of each field that is there."""
    found: dict[str, str] = {}
    for field, indices in plan.places:
        said = [texts[index] for index in indices if texts[index] not in ABSENT]
        is_once = field in _SAID_ONCE and plan.twice is None
        if is_once and len(set(said)) > 1:
            return Quarantined("tamper", f"the line says two different things of {field}")
        if said:
            found[field] = said[0]
    return found


def _request(
    texts: Mapping[str, str],
    declaration: AccessLogDeclaration,
    account_id: str | None,
    region: str,
    context: Mapping[str, object] = NO_CONTEXT,
) -> Request:
    known = {name: text for name, text in texts.items() if text not in ABSENT}
    defaults = {
        "accountId": declaration.account_id or account_id,
        "apiId": declaration.api_id,
        "stage": declaration.stage,
    }
    said = {name: text for name, text in defaults.items() if text} | known
    time = _time_text(known)
    request = read_texts(said | {"requestTimeEpoch": time or "-"}, region, context)
    if _is_other_api(known):
        fault: Quarantined | None = UNSUPPORTED_API
    else:
        fault = both(request.fault, BAD_TIME if time is None else _time_fault(known))
    path = _clean(known, "path")
    if path is None and fault is request.fault:
        return request
    return request._replace(path=path, fault=fault)


def _clean(known: Mapping[str, str], name: str) -> str | None:
    text = known.get(name, "")
    return text if text and not stain(text) else None


def _is_other_api(known: Mapping[str, str]) -> bool:
    """Only REST APIs have resources; the others have route keys, and WebSocket APIs connections."""
    is_websocket = "connectionId" in known or "eventType" in known
    return is_websocket or ("routeKey" in known and "resourcePath" not in known)


def _time_text(known: Mapping[str, str]) -> str | None:
    """The moment in milliseconds; empty where none is said, None where it is no moment."""
    said = known.get("requestTimeEpoch") or known.get("requestTime", "")
    moment = time_ms(said)
    return str(moment) if moment is not None else (None if said else "")


def _time_fault(known: Mapping[str, str]) -> Quarantined | None:
    if "requestTimeEpoch" not in known or "requestTime" not in known:
        return None
    epoch, stamp = time_ms(known["requestTimeEpoch"]), time_ms(known["requestTime"])
    if epoch is None or stamp is None or abs(epoch - stamp) <= _ONE_MOMENT_MS:
        return None
    return TIMES_DIFFER
