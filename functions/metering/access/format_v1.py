"""Our access log format v1: one line of JSON comes in, the facts of one request leave.

Nothing raises, whatever the bytes: a line that cannot be understood is `Quarantined` alone. Every
value is text and an absent one prints `-` (gateway-logs.md 2.3). Keys that are not of the format
stand behind all that are: a client may have a hand in the first of them and in what follows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter

from functions.metering.access.client_text import PAYERS, first_of
from functions.metering.field_names import NAME_CHARS, last_name, leaves
from functions.metering.line_context import context_of
from functions.metering.line_text import ABSENT, stain, text_of
from functions.metering.request import NO_CONTEXT, Request
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object, read_plain
from functions.usage.trace_context import valid_traceparent

FORMAT = "1"
# Who pays, and for what: where one is not clean, the line is quarantined.
BILLED_TEXTS = (
    "accountId",
    "apiId",
    "stage",
    "extendedRequestId",
    "httpMethod",
    "resourcePath",
    "apiKeyId",
    "customerId",
    "tenantId",
)
# Everything else goes along where it is clean, and is left out where it is not.
OTHER_TEXTS = (
    "requestId",
    "errorType",
    "principalId",
    "keyId",
    "requestTimeEpoch",
    "status",
    "responseLength",
    "responseLatency",
    "integrationLatency",
    "integrationStatus",
    "traceparent",
)
TEXTS = BILLED_TEXTS + OTHER_TEXTS
# Its traceparent is what our authorizer found to be one.
KEYS = frozenset({"v", "xrayTraceId", *TEXTS})
_FACTS = KEYS - {"xrayTraceId"}
_SHAPES = 64
BEHIND = (
    "stands behind a key that is not of format v1: a client may have written it; such keys go to "
    "the end of the format"
)
UNKNOWN_FORMAT = Quarantined(
    "unknown_format",
    'neither format v1 (v is not "1") nor keys that tell an access log: declare in accessLogs what '
    "its keys hold",
)
_OR_DECLARE = "to the format, or declare in accessLogs the key that holds it"
BAD_TIME = Quarantined(
    "bad_time",
    "requestTimeEpoch is neither milliseconds nor seconds: add "
    f'"requestTimeEpoch":"$context.requestTimeEpoch" {_OR_DECLARE}',
)
BAD_STATUS = Quarantined(
    "bad_status",
    f'status is not an integer from 100 to 599: add "status":"$context.status" {_OR_DECLARE}',
)
# No customer map cures it: every line of the format is anonymous.
NO_PAYER_KEY = Quarantined(
    "no_payer_key",
    'no key says who pays: add "customerId":"$context.authorizer.customerId" or '
    '"apiKeyId":"$context.identity.apiKeyId" to the format, or declare in accessLogs the key that '
    "holds a verified identity (docs/reference/configuration.md#who-pays-without-our-authorizer)",
)

_STATUSES: Mapping[str | None, int] = {str(status): status for status in range(100, 600)}
_MILLISECOND_DIGITS = 13  # 2001 to 2286
_SECOND_DIGITS = 10
# An integration ends within minutes and a payload is at most gigabytes: more was not measured.
LATENCY_CEILING_MS = 3_600_000
BYTES_CEILING = 1 << 40
_FIGURE_DIGITS = 13

_IN_ORDER = itemgetter(*TEXTS)
_UNSAID = dict.fromkeys(TEXTS, "")


def read_line(line: str, region: str) -> Request | Quarantined:
    """The facts in one line; the request's `fault` says why they must not be billed. `region` is
    where its log group stands.
    """
    plain = read_plain(line)
    if plain is None:
        return _read_any(line, region)
    if plain.get("v") != FORMAT:
        return UNKNOWN_FORMAT
    try:
        found = _IN_ORDER(plain)
    except KeyError:
        found = _IN_ORDER(_UNSAID | plain)
        request = _request(found, region, plain, _kept_fault(tuple(plain)))
        return request if _says_payer(plain) else request._replace(unverified=NO_PAYER_KEY)
    # Nearly every line has every key and no other one: nothing is looked up for it.
    is_whole = len(plain) == len(KEYS) and "xrayTraceId" in plain
    return _request(found, region, plain, None if is_whole else _kept_fault(tuple(plain)))


def _read_any(line: str, region: str) -> Request | Quarantined:
    """The facts in a line that may hold anything."""
    found = read_object(line)
    if isinstance(found, Quarantined):
        return found
    if text_of(found.get("v")) != FORMAT:
        return UNKNOWN_FORMAT
    texts = {name: text_of(found.get(name)) for name in TEXTS}
    flat = leaves(found)
    paths = [path for path, _ in flat]
    request = read_texts(texts, region, context_of(flat, first_of(paths, KEYS)))
    request = request._replace(fault=request.fault or _misplaced(paths))
    return request if _says_payer(found) else request._replace(unverified=NO_PAYER_KEY)


def _misplaced(paths: Sequence[str]) -> Quarantined | None:
    """Why a line with these keys, in this order, is not believed. Two texts of a client can put
    what stands between them into an object: it keeps its name.
    """
    first = first_of(paths, KEYS)
    unsure = _FACTS.difference(paths[:first])
    for path in paths[first:]:
        if len(path) > NAME_CHARS or last_name(path) in unsure:
            return Quarantined("tamper", f"{last_name(path)[:NAME_CHARS]!a} {BEHIND}")
    return None


# The lines of a stage have the same few keys in one order.
_kept_fault = lru_cache(maxsize=_SHAPES)(_misplaced)


def read_texts(
    texts: Mapping[str, str], region: str, context: Mapping[str, object] = NO_CONTEXT
) -> Request:
    """The facts in fields that may hold anything, under the names of our format; `context` is the
    whole line.
    """
    if not stain("".join(texts.values())):  # as good as always
        return _request(_IN_ORDER({**_UNSAID, **texts}), region, context)
    clean = {name: text for name, text in texts.items() if not stain(text)}
    return _request(_IN_ORDER({**_UNSAID, **clean}), region, context, _billed_fault(texts))


def both(first: Quarantined | None, second: Quarantined | None) -> Quarantined | None:
    """Two faults as one, under the first's reason."""
    if first is None or second is None:
        return first or second
    return replace(first, detail=f"{first.detail}; and {second.detail}")


def _says_payer(members: Mapping[str, object]) -> bool:
    return any(payer in members for payer in PAYERS)


def _billed_fault(texts: Mapping[str, str]) -> Quarantined | None:
    for name in BILLED_TEXTS:
        if reason := stain(texts.get(name, "")):
            return Quarantined(reason, name)
    return None


def _request(
    found: Sequence[str],
    region: str,
    context: Mapping[str, object],
    fault: Quarantined | None = None,
) -> Request:
    # One line for the eye and one operation: by their names these would cost three times as much.
    (account_id, api_id, stage, extended_request_id, method, route, api_key_id, customer_id,
     tenant_id, request_id, error_type, principal_id, key_id, time, code, length, latency,
     integration, integration_code, traceparent,
    ) = [None if text in ABSENT else text for text in found]  # fmt: skip
    time_ms = None if time is None else epoch_ms(time)
    status = _STATUSES.get(code)
    if fault is None and time is not None and time_ms is None:
        fault = BAD_TIME
    if code is not None and status is None:
        fault = both(fault, BAD_STATUS)
    sent = None if length is None else _figure(length, BYTES_CEILING)
    whole = None if latency is None else _figure(latency, LATENCY_CEILING_MS)
    part = None if integration is None else _figure(integration, LATENCY_CEILING_MS)
    # The integration is a part of the response: one of the two is wrong, and only one is billed by.
    if whole is not None and part is not None and part > whole:
        part = None
    said = (length, latency, integration)
    dropped = (sent, whole, part).count(None) - said.count(None)
    # In the order of `Request`.
    facts = (
        account_id, region, api_id, stage, extended_request_id, request_id, time_ms, method, None,
        route, status, sent, whole, part, _STATUSES.get(integration_code), error_type, api_key_id,
        principal_id, customer_id, tenant_id, key_id,
        traceparent and valid_traceparent(traceparent), dropped, fault, None, None, None, None,
        context, None,
    )  # fmt: skip
    return tuple.__new__(Request, facts)


def epoch_ms(text: str) -> int | None:
    """`requestTimeEpoch` in milliseconds. REST logs those, a forwarder may write seconds: they
    cannot be mistaken for each other (gateway-logs.md 2.3).
    """
    if not (text.isascii() and text.isdigit()):
        return None
    if len(text) == _MILLISECOND_DIGITS:
        return int(text)
    return int(text) * 1000 if len(text) == _SECOND_DIGITS else None


def _figure(text: str, ceiling: int) -> int | None:
    """A measured number, or None where there is none to believe."""
    if len(text) > _FIGURE_DIGITS or not (text.isascii() and text.isdigit()):
        return None
    figure = int(text)
    return figure if figure <= ceiling else None
