"""What a request counts for: its facts and a meter come in, the measures of its events leave.

Pure. Nothing that a line lacks is made up: a key that is not in the line at all, or holds what is
no number, quarantines the whole request (the format was changed, or somebody writes nonsense),
while a key that says `-` or 0 makes no event, with a reason that is counted.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from functions.metering.billing.figure import figure_of
from functions.metering.billing.listed import Element, elements_of
from functions.metering.billing.request_event import Measure
from functions.metering.configuration.meter import CompiledMeter
from functions.metering.configuration.product_fields import (
    EXECUTION_DURATION,
    EXECUTION_STATUS,
    ProductField,
)
from functions.metering.line_context import CONTRADICTION, BesideList
from functions.metering.line_text import ABSENT, is_absent, stain, text_of
from functions.metering.request import Request
from functions.usage.outcome import Quarantined

NO_QUANTITY = Quarantined("no_quantity", "a meter counts responseLength, which is not there")
BAD_QUANTITY = "bad_quantity"
NO_PRODUCT_FIELD = "no_product_field"
ZERO_QUANTITY = "zero_quantity"
ABSENT_QUANTITY = "absent_quantity"

_NO_ELEMENT: Element = MappingProxyType({})
# Identifiers and names, not texts.
_SAID_CHARS = 256
_SUCCESS, _ERROR = "SUCCESS", "ERROR"
_SUCCESSES = range(200, 300)
_MISSING = object()


class Measured(NamedTuple):
    """`omitted`: why some of what the meter counts makes no event."""

    measures: Sequence[Measure] = ()
    omitted: Sequence[str] = ()


_ONCE = Measured((Measure(1),))
_NOTHING = Measured(omitted=(ZERO_QUANTITY,))


def measured(request: Request, meter: CompiledMeter) -> Measured | Quarantined:
    """What `meter` counts in `request`."""
    if meter.is_plain:
        return _plain(request, meter)
    if meter.for_each is None:
        return _all([_of_element(request, meter, 0, _NO_ELEMENT)])
    listed = request.context.get(meter.for_each, _MISSING)
    if isinstance(listed, BesideList):
        listed = CONTRADICTION
    if listed is _MISSING:
        return _no_key(meter.for_each)
    elements = elements_of(listed, meter.for_each)
    if isinstance(elements, Quarantined):
        return elements
    if not elements:
        return Measured(omitted=(ABSENT_QUANTITY,))
    # The place in the list is part of the key: an element that counts nothing keeps its number.
    return _all(
        [_of_element(request, meter, place, element) for place, element in enumerate(elements)]
    )


def _plain(request: Request, meter: CompiledMeter) -> Measured | Quarantined:
    if not meter.counts_bytes:
        return _ONCE
    if request.response_bytes is None:
        return NO_QUANTITY
    if request.size_doubt is not None:
        return request.size_doubt
    return Measured((Measure(request.response_bytes),)) if request.response_bytes else _NOTHING


def _all(found: Sequence[Measure | str | Quarantined]) -> Measured | Quarantined:
    """All of a request's events or none: a later, better reading gives the same keys again."""
    for one in found:
        if isinstance(one, Quarantined):
            return one
    return Measured(
        [one for one in found if isinstance(one, Measure)],
        [one for one in found if isinstance(one, str)],
    )


def _of_element(
    request: Request, meter: CompiledMeter, place: int, element: Element
) -> Measure | str | Quarantined:
    quantity = _quantity(request, meter, element)
    if isinstance(quantity, str | Quarantined):
        return quantity
    said = _said(request, meter, element)
    if isinstance(said, Quarantined):
        return said
    return Measure(quantity, place, said, _labels_of(request, meter, element))


def _labels_of(
    request: Request, meter: CompiledMeter, element: Element = _NO_ELEMENT
) -> Mapping[str, str]:
    """The meter's own metadata, as far as the line says it."""
    return {
        name: text
        for name, key in meter.metadata.items()
        if (text := _text(_value(request, meter, element, key)))
    }


def _quantity(
    request: Request, meter: CompiledMeter, element: Element
) -> int | float | str | Quarantined:
    key = meter.quantity_key
    if key is None:
        return 1
    value = _value(request, meter, element, key)
    if value is _MISSING:
        return _no_key(key)
    if is_absent(value):
        return ABSENT_QUANTITY
    figure = figure_of(value)
    if figure is None:
        return Quarantined(BAD_QUANTITY, f"{key} is no number from 0 to 10**12 of 15 digits")
    return figure or ZERO_QUANTITY


def _said(
    request: Request, meter: CompiledMeter, element: Element
) -> Mapping[ProductField, str | int] | Quarantined:
    product = meter.product
    said: dict[ProductField, str | int] = {}
    for field in product.taken:
        if text := _text(_field_value(request, meter, element, field)):
            said[field] = text
        elif field in product.needed:
            return Quarantined(NO_PRODUCT_FIELD, f"{meter.id}: no usable {field}")
    if EXECUTION_DURATION in product.taken:
        _say_duration(said, request.latency_ms if product.tells_execution else None)
    if product.tells_execution and said.get(EXECUTION_STATUS) not in {_SUCCESS, _ERROR}:
        # Without an answer's own word: HTTP's. A call that failed within a 200 is not known here.
        said[EXECUTION_STATUS] = _SUCCESS if request.status in _SUCCESSES else _ERROR
    return said


def _say_duration(said: dict[ProductField, str | int], otherwise: int | None) -> None:
    figure = figure_of(said.pop(EXECUTION_DURATION, ""))
    duration = otherwise if figure is None else round(figure)
    if duration is not None:
        said[EXECUTION_DURATION] = duration


def _field_value(
    request: Request, meter: CompiledMeter, element: Element, field: ProductField
) -> object:
    """A field need not be declared where the list's elements call it by its own name."""
    key = meter.fields.get(field)
    if field in element and key not in element:
        return element[field]
    return _MISSING if key is None else _value(request, meter, element, key)


def _value(request: Request, meter: CompiledMeter, element: Element, key: str) -> object:
    """An element of a list speaks before the line that it stands in."""
    if key in element:
        return element[key]
    found = request.context.get(key, _MISSING)
    if isinstance(found, BesideList):
        return found.value if found.lists == {meter.for_each} else CONTRADICTION
    return found


def _text(value: object) -> str:
    """A text that can go along; empty where there is none."""
    text = "" if value is _MISSING else text_of(value)
    is_usable = text not in ABSENT and len(text) <= _SAID_CHARS and not stain(text)
    return text if is_usable else ""


def _no_key(key: str) -> Quarantined:
    return Quarantined(NO_QUANTITY.reason, f"the line has no key {key}")
