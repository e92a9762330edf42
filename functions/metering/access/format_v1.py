"""Our access log format v1: one line of JSON comes in, the facts of one request leave.

Nothing raises, whatever the bytes: a line that cannot be understood is `Quarantined` alone. Every
value is text and an absent one prints `-` (gateway-logs.md 2.3).
"""

from collections.abc import Mapping

from functions.metering.field_names import context_of, leaves
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
    "requestTimeEpoch",
    "status",
    "responseLength",
    "responseLatency",
    "integrationStatus",
    "integrationLatency",
    "errorType",
    "principalId",
    "keyId",
    "traceparent",
)
UNKNOWN_FORMAT = Quarantined("unknown_format", 'v is not "1": is the access log format ours?')
BAD_TIME = Quarantined("bad_time", "requestTimeEpoch is neither milliseconds nor seconds")
BAD_STATUS = Quarantined("bad_status", "status is not an integer from 100 to 599")

_STATUSES = {str(status): status for status in range(100, 600)}
MILLISECOND_DIGITS = 13  # 2001 to 2286
_SECOND_DIGITS = 10
# An integration ends within minutes and a payload is at most gigabytes: more was not measured.
LATENCY_CEILING_MS = 3_600_000
BYTES_CEILING = 1 << 40
_FIGURE_DIGITS = 13


def read_line(line: str, region: str) -> Request | Quarantined:
    """The facts in one line; the request's `fault` says why they must not be billed."""
    plain = read_plain(line)
    return read_any_line(line, region) if plain is None else read_fields(plain, region)


def read_fields(fields: Mapping[str, str], region: str) -> Request | Quarantined:
    """The facts in the fields of a plain line. `region` is where its log group stands."""
    return _request(fields, region, fields) if fields.get("v") == FORMAT else UNKNOWN_FORMAT


def read_any_line(line: str, region: str) -> Request | Quarantined:
    """The facts in a line that may hold anything."""
    found = read_object(line)
    if isinstance(found, Quarantined):
        return found
    if text_of(found.get("v")) != FORMAT:
        return UNKNOWN_FORMAT
    texts = {name: text_of(found.get(name)) for name in (*BILLED_TEXTS, *OTHER_TEXTS)}
    return read_texts(texts, region, context_of(list(leaves(found))))


def read_texts(
    texts: Mapping[str, str], region: str, context: Mapping[str, object] = NO_CONTEXT
) -> Request:
    """The facts in fields that may hold anything, under the names of our format; `context` is the
    whole line.
    """
    clean = {name: text for name, text in texts.items() if not stain(text)}
    return _request(clean, region, context, _billed_fault(texts))


def _billed_fault(texts: Mapping[str, str]) -> Quarantined | None:
    for name in BILLED_TEXTS:
        if reason := stain(texts.get(name, "")):
            return Quarantined(reason, name)
    return None


def _request(
    texts: Mapping[str, str],
    region: str,
    context: Mapping[str, object],
    fault: Quarantined | None = None,
) -> Request:
    get = {name: text for name, text in texts.items() if text not in ABSENT}.get
    time_ms = epoch_ms(time) if (time := get("requestTimeEpoch")) else None
    status = _STATUSES.get(code) if (code := get("status")) else None
    if time and time_ms is None:
        fault = fault or BAD_TIME
    if code and status is None:
        fault = fault or BAD_STATUS
    figures = [get("responseLength"), get("responseLatency"), get("integrationLatency")]
    sent = _figure(figures[0], BYTES_CEILING)
    latency = _figure(figures[1], LATENCY_CEILING_MS)
    integration = _figure(figures[2], LATENCY_CEILING_MS)
    # The integration is a part of the response: one of the two is wrong, and only one is billed by.
    if latency is not None and integration is not None and integration > latency:
        integration = None
    return Request(
        account_id=get("accountId"),
        region=region,
        api_id=get("apiId"),
        stage=get("stage"),
        extended_request_id=get("extendedRequestId"),
        request_id=get("requestId"),
        time_ms=time_ms,
        method=get("httpMethod"),
        path=None,
        route=get("resourcePath"),
        status=status,
        response_bytes=sent,
        latency_ms=latency,
        integration_latency_ms=integration,
        integration_status=_STATUSES.get(get("integrationStatus", "")),
        error_type=get("errorType"),
        api_key_id=get("apiKeyId"),
        principal_id=get("principalId"),
        customer_id=get("customerId"),
        tenant_id=get("tenantId"),
        key_id=get("keyId"),
        traceparent=valid_traceparent(get("traceparent")),
        dropped_figures=[sent, latency, integration].count(None) - figures.count(None),
        fault=fault,
        context=context,
    )


def epoch_ms(text: str) -> int | None:
    """`requestTimeEpoch` in milliseconds. REST logs those, HTTP APIs log seconds; they cannot be
    mistaken for each other (gateway-logs.md 2.3).
    """
    if not (text.isascii() and text.isdigit()):
        return None
    if len(text) == MILLISECOND_DIGITS:
        return int(text)
    return int(text) * 1000 if len(text) == _SECOND_DIGITS else None


def _figure(text: str | None, ceiling: int) -> int | None:
    """A measured number, or None where there is none to believe."""
    if text is None or len(text) > _FIGURE_DIGITS or not (text.isascii() and text.isdigit()):
        return None
    figure = int(text)
    return figure if figure <= ceiling else None
