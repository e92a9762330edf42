"""The usage event of a request, in Aforo's shape (aforo-contract.md 1.1.2): facts come in, the JSON
text of the event leaves. Pure; what the log does not say is not in it.

`EVENT` and `METADATA` are the only description of an event. Its text is written by them straight
away, since an object that is then serialised costs more than twice as much.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import chain
from json.encoder import encode_basestring_ascii as quoted
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple, cast

from functions.metering.configuration.meter import CompiledMeter
from functions.metering.configuration.product_fields import ProductField
from functions.metering.request import Request
from functions.usage.event import RequestIdentity
from functions.usage.message import to_body
from functions.usage.moment import iso_from_epoch_ms

GATEWAY = "aws-api-gateway"

# What Aforo calls it, in this order, and the fact that stands there: an attribute of `Request`, or
# one of `_OF_METER` and `_OF_EVENT`. A fact that is None is left out: Aforo's metadata has no null.
EVENT: Mapping[str, str] = {
    "customerId": "customer",
    "metricName": "metric_name",
    "quantity": "quantity",
    "occurredAt": "occurred_at",
    "idempotencyKey": "key",
    "productType": "product_type",
    "metadata": "metadata",
    "endpointPath": "route",
    "httpMethod": "method",
    "statusCode": "status",
    "responseTimeMs": "latency_ms",
    "trace": "trace",
}
# Some things are said twice: Aforo's analytics reads the snake_case names, its gateways write the
# others.
METADATA: Mapping[str, str] = {
    "gateway": "gateway",
    "meter": "meter",
    "method": "method",
    "path": "route",
    "status": "status",
    "endpoint_path": "route",
    "http_method": "method",
    "status_code": "status",
    "response_time_ms": "latency_ms",
    "latency": "latency_ms",
    "responseLength": "response_bytes",
    "stage": "stage",
    "resource": "route",
    "requestId": "request_id",
    "extendedRequestId": "extended_request_id",
    "api_id": "api_id",
    "region": "region",
    "timeSource": "time_source",
}
# Facts that are no attributes of a request: those of the meter, and those of the event, of which
# `more_metadata` and `more` are what a product or a meter adds at the end of either object.
_OF_METER = ("gateway", "meter", "metric_name", "product_type")
_OF_EVENT = ("customer", "quantity", "occurred_at", "key", "trace", "more_metadata", "more")
# Facts of which a deployment has few values: APIs, stages, methods, routes and statuses.
_SHARED = frozenset({"region", "api_id", "stage", "method", "route", "status", "time_source"})
# Meters, times what their requests lack: a few in use.
_DESCRIPTIONS = 1024
# The same, times what their requests share: 5,000 shapes of request are many for a deployment.
_TEMPLATES = 8192
# In a description, which is ASCII, these characters stand for the facts.
_FIRST_GAP = 0x100
_GAP = re.compile("[^\x00-\x7f]")
# It stands for any fact that differs from event to event; JSON escapes it everywhere else.
_HERE = "\x00"

type _InTurn = Callable[[tuple[str, ...]], tuple[str, ...]]

# Without a call of ours for most of them. None is empty: a fact that is not said.
_AS_JSON: Mapping[type, Callable[[object], str]] = {
    str: cast("Callable[[object], str]", quoted),
    int: str,
    type(None): lambda _: "",
}

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Measure(NamedTuple):
    """What one event counts. `sequence` tells apart the events of one meter and request; `said`
    are the product's fields, `metadata` the meter's own.
    """

    quantity: int | float
    sequence: int = 0
    said: Mapping[ProductField, str | int] = cast("Mapping[ProductField, str | int]", _NOTHING)
    metadata: Mapping[str, str] = _NOTHING


class EventWriter:
    """Writes the events of requests, with `metadata` as their metadata."""

    def __init__(self, metadata: Mapping[str, str] = METADATA) -> None:
        self._metadata = metadata
        facts = dict.fromkeys(chain(EVENT.values(), metadata.values()))
        names = [fact for fact in facts if fact in Request._fields]
        self._shared = tuple(fact for fact in names if fact in _SHARED)
        self._own = tuple(fact for fact in names if fact not in _SHARED)
        self._gaps = (*self._own, *_OF_EVENT)
        self._shared_of = _getter(self._shared)
        self._own_of = _getter(self._own)
        self._described = lru_cache(maxsize=_DESCRIPTIONS)(self._description)
        self._template = lru_cache(maxsize=_TEMPLATES)(self._filled)

    def text(
        self,
        request: Request,
        identity: RequestIdentity,
        customer: str,
        meter: CompiledMeter,
        measure: Measure,
    ) -> str:
        """The event of `measure`, which `customer` pays: ASCII, and as `to_body` would write it."""
        own = [_AS_JSON.get(type(fact), to_body)(fact) for fact in self._own_of(request)]
        lacking = () if all(own) else _lacking(self._own, own)
        in_turn, pieces = self._template(meter.constants, self._shared_of(request), lacking)
        quantity, sequence, said, metadata = measure
        more_metadata, more = _added(meter, measure) if said or metadata else ("", "")
        parts = (
            *own,
            quoted(customer),
            str(quantity) if type(quantity) is int else to_body(quantity),
            f'"{iso_from_epoch_ms(request.time_ms or 0)}"',
            f'"{identity.event_key(meter.id, sequence)}"',
            _NO_TRACE if request.traceparent is None else _trace(request.traceparent),
            more_metadata,
            more,
            *pieces,
        )
        return "".join(in_turn(parts))

    def remembered(self) -> int:
        """How many templates are kept: bounded, whatever is metered."""
        return self._template.cache_info().currsize

    def _filled(
        self,
        constants: tuple[str, ...],
        shared: tuple[str | int | None, ...],
        lacking: tuple[str, ...],
    ) -> tuple["_InTurn", list[str]]:
        """The pieces of an event's text that what is shared fills, and how they and the other facts
        take turns. Pure: nothing else than these and the description decides.
        """
        texts = [_AS_JSON.get(type(fact), to_body)(fact) for fact in shared]
        absent = lacking if all(texts) else (*lacking, *_lacking(self._shared, texts))
        form, in_turn = self._described(constants, absent)
        return in_turn, (form % dict(zip(self._shared, texts, strict=True))).split(_HERE)

    def _description(
        self, constants: tuple[str, ...], absent: tuple[str, ...]
    ) -> tuple[str, "_InTurn"]:
        """The text with names for what is shared, and marks for the other facts; pure, as above."""
        marks = {fact: chr(place) for place, fact in enumerate(self._gaps, _FIRST_GAP)}
        facts = marks | {
            fact: to_body(said).replace("%", "%%")
            for fact, said in zip(_OF_METER, (GATEWAY, *constants), strict=True)
        }
        facts |= {fact: f"%({fact})s" for fact in self._shared}
        for fact in absent:
            del facts[fact]
        facts["metadata"] = _object(self._metadata, facts, facts["more_metadata"])
        text = _object(EVENT, facts, facts["more"])
        gaps = len(self._gaps)
        turns = [gaps]  # the first piece, then a fact and a piece in turn
        for at, mark in enumerate(_GAP.findall(text), gaps + 1):
            turns += [ord(mark) - _FIRST_GAP, at]
        return _GAP.sub(_HERE, text), itemgetter(*turns)


def _getter(facts: tuple[str, ...]) -> Callable[[Request], tuple[object, ...]]:
    return itemgetter(*map(Request._fields.index, facts))


def _lacking(facts: tuple[str, ...], texts: list[str]) -> tuple[str, ...]:
    return tuple(fact for fact, text in zip(facts, texts, strict=True) if not text)


def _object(described: Mapping[str, str], facts: Mapping[str, str], last: str) -> str:
    members = (f"{quoted(name)}:{facts[fact]}" for name, fact in described.items() if fact in facts)
    return f"{{{','.join(members)}{last}}}"


def _added(meter: CompiledMeter, measure: Measure) -> tuple[str, str]:
    """More members of the metadata, and of the event."""
    top, names = meter.product.top, meter.product.metadata
    said = measure.said.items()
    metadata: dict[str, str | int] = {
        names[field]: value for field, value in said if field in names
    }
    more: dict[str, str | int] = {field: value for field, value in said if field in top}
    return _members(metadata | dict(measure.metadata)), _members(more)


def _members(values: Mapping[str, str | int]) -> str:
    return f",{to_body(values)[1:-1]}" if values else ""


def _trace(traceparent: str | None) -> str:
    """Identifiers that the log does not say are null, never made up."""
    said = "null" if traceparent is None else quoted(traceparent)
    return f'{{"traceparent":{said},"tracestate":null,"xTraceId":null,"xRequestId":null}}'


_NO_TRACE = _trace(None)
