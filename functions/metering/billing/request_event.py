"""The usage event of a request, in Aforo's shape (aforo-contract.md 1.1.2): facts come in, the
event leaves. Pure; what the log does not say is not in it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

from functions.metering.configuration.meter import Meter
from functions.metering.configuration.product_fields import ProductField
from functions.metering.request import Request
from functions.usage.event import RequestIdentity, UsageEvent
from functions.usage.moment import iso_from_epoch_ms

GATEWAY = "aws-api-gateway"
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Measure(NamedTuple):
    """What one event counts. `sequence` tells apart the events of one meter and request; `said`
    are the product's fields, `metadata` the meter's own.
    """

    quantity: int | float
    sequence: int = 0
    said: Mapping[ProductField, str | int] = cast("Mapping[ProductField, str | int]", _NOTHING)
    metadata: Mapping[str, str] = _NOTHING


def event_of(
    request: Request, identity: RequestIdentity, customer: str, meter: Meter, measure: Measure
) -> UsageEvent:
    """The event of `measure`, which `customer` pays."""
    event: dict[str, object] = {
        "customerId": customer,
        "metricName": meter.metric_name,
        "quantity": measure.quantity,
        "occurredAt": iso_from_epoch_ms(request.time_ms or 0),
        "idempotencyKey": identity.event_key(meter.id, measure.sequence),
        "productType": meter.product_type,
        "metadata": _metadata(request, identity, meter, measure),
        "endpointPath": request.route,
        "httpMethod": request.method,
        "statusCode": request.status,
        "responseTimeMs": request.latency_ms,
        "trace": {
            "traceparent": request.traceparent,
            "tracestate": None,
            "xTraceId": None,
            "xRequestId": None,
        },
    }
    if measure.said:
        top = meter.product.top
        event |= {name: value for name, value in measure.said.items() if name in top}
    return cast("UsageEvent", _known(event))


def _metadata(
    request: Request, identity: RequestIdentity, meter: Meter, measure: Measure
) -> dict[str, object]:
    metadata = _known(_usual_metadata(request, identity, meter.id))
    if measure.said:
        names = meter.product.metadata
        metadata |= {names[field]: text for field, text in measure.said.items() if field in names}
    return metadata | dict(measure.metadata) if measure.metadata else metadata


def _usual_metadata(
    request: Request, identity: RequestIdentity, meter_id: str
) -> dict[str, object]:
    """Some things are said twice: Aforo's analytics reads the snake_case names, its gateways write
    the others.
    """
    return {
        "gateway": GATEWAY,
        "meter": meter_id,
        "method": request.method,
        "path": request.route,
        "status": request.status,
        "endpoint_path": request.route,
        "http_method": request.method,
        "status_code": request.status,
        "response_time_ms": request.latency_ms,
        "latency": request.latency_ms,
        "responseLength": request.response_bytes,
        "stage": identity.stage,
        "resource": request.route,
        "requestId": request.request_id,
        "extendedRequestId": identity.extended_request_id,
        "api_id": identity.api_id,
        "region": identity.region,
    }


def _known(fields: dict[str, object]) -> dict[str, object]:
    """Without what the log does not say: Aforo's metadata has no null."""
    if None not in fields.values():
        return fields
    return {name: value for name, value in fields.items() if value is not None}
