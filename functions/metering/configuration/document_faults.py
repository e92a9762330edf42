"""What pydantic says of a configuration document comes in; every fault leaves, in plain words, each
with its field (`versions.0.meters.1.quantity`).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from functions.metering.configuration.pattern_words import PATTERN_WORDS
from functions.metering.configuration.version import Configuration
from functions.usage.plain_faults import is_echo, meant, plain_fault, unknown_name

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_WHOLE = "document"
# What pydantic adds to the place of a fault in a name.
_NAME = "[key]"


def in_plain_words(error: "ValidationError") -> list[str]:
    """Every fault once."""
    faults = error.errors(include_url=False)
    places = [fault["loc"] for fault in faults]
    return [_said(fault, faults) for fault in faults if not is_echo(fault, places)]


def _said(fault: "ErrorDetails", faults: list["ErrorDetails"]) -> str:
    place = ".".join(str(part) for part in fault["loc"] if part != _NAME) or _WHOLE
    if fault["type"] == "extra_forbidden":
        return f"{place}: {_unknown_field(fault, faults)}"
    name = "the name " if fault["loc"] and fault["loc"][-1] == _NAME else ""
    return f"{place}: {name}{plain_fault(fault, PATTERN_WORDS)}"


def _unknown_field(fault: "ErrorDetails", faults: list["ErrorDetails"]) -> str:
    """A field that is missing beside it is the first to be meant."""
    *above, name = fault["loc"]
    known = _names_at(tuple(above))
    beside = {one["loc"] for one in faults if one["type"] == "missing"}
    missing = [one for one in known if (*above, one) in beside]
    return unknown_name(str(name), missing if meant(str(name), missing) else known)


def _names_at(place: tuple[int | str, ...]) -> list[str]:
    """The fields that an object may have there."""
    schema = Configuration.model_json_schema(by_alias=True)
    found = list(_followed(schema, schema, place))
    return [name for one in found for name in one.get("properties", {})]


def _followed(
    schema: Mapping[str, Any], at: Mapping[str, Any], place: tuple[int | str, ...]
) -> Iterator[Mapping[str, Any]]:
    """The schemas of a place; more than one where one of several may stand."""
    if "$ref" in at:
        at = schema["$defs"][at["$ref"].rpartition("/")[2]]
    for other in at.get("anyOf", ()):
        yield from _followed(schema, other, place)
    if not place:
        yield at
        return
    first, rest = place[0], place[1:]
    below = at.get("properties", {}).get(first) or at.get("items" * isinstance(first, int))
    below = below or at.get("additionalProperties") or next(_members(at), None)
    if isinstance(below, Mapping):
        yield from _followed(schema, below, rest)


def _members(at: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Of an object whose names follow a pattern."""
    yield from at.get("patternProperties", {}).values()
