"""What pydantic says of a configuration document comes in; every fault leaves, in plain words, each
with its field (`versions.0.meters.1.quantity`).
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from functions.metering.configuration.pattern_words import in_words
from functions.metering.configuration.version import Configuration

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_WHOLE = "document"
# What pydantic adds to the place of a fault in a name.
_NAME = "[key]"
_SHOWN = 60
_TIME = "write a time with its offset, as 2026-11-01T00:00:00Z"
_KINDS = {
    "missing": "is needed",
    "string_type": "must be text, in quotes",
    "int_type": "must be a whole number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list, in square brackets",
    "frozen_set_type": "must be a list, in square brackets",
    "dict_type": "must be an object, in braces",
    "model_type": "must be an object, in braces",
    "model_attributes_type": "must be an object, in braces",
    "timezone_aware": f"has no offset: {_TIME}",
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "needs at least {min_length}",
    "too_long": "takes at most {max_length}",
    "string_too_long": "takes at most {max_length} characters",
    "json_invalid": "is no JSON: {error}",
    "value_error": "{error}",
}
# What was given says nothing beyond the words.
_WITHOUT_GIVEN = frozenset({"missing", "too_short", "too_long", "json_invalid", "value_error"})


def in_plain_words(error: "ValidationError") -> list[str]:
    """Every fault once."""
    faults = error.errors(include_url=False)
    places = [fault["loc"] for fault in faults]
    return [_said(fault, faults) for fault in faults if not _is_echo(fault, places)]


def _is_echo(fault: "ErrorDetails", places: list[tuple[int | str, ...]]) -> bool:
    """A list is too short also because its members are not usable."""
    place = fault["loc"]
    holds_another = any(one != place and one[: len(place)] == place for one in places)
    return fault["type"] == "too_short" and holds_another


def _said(fault: "ErrorDetails", faults: list["ErrorDetails"]) -> str:
    place = ".".join(str(part) for part in fault["loc"] if part != _NAME) or _WHOLE
    return f"{place}: {_words(fault, faults)}"


def _words(fault: "ErrorDetails", faults: list["ErrorDetails"]) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_name(fault, faults)
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"is none of {', '.join(names)}{_meant(str(fault['input']), names)}"
    if kind == "string_pattern_mismatch":
        words = in_words(str(context["pattern"]))
        what = "the name" if fault["loc"][-1] == _NAME else "this"
        return f"{what} must be {words}{_given(fault)}" if words else f"{fault['msg']}"
    if kind not in _KINDS:
        return fault["msg"]
    given = "" if kind in _WITHOUT_GIVEN else _given(fault)
    return _KINDS[kind].format_map(context) + given


def _unknown_name(fault: "ErrorDetails", faults: list["ErrorDetails"]) -> str:
    """A field that is missing beside it is the first to be meant."""
    *above, name = fault["loc"]
    known = _names_at(tuple(above))
    beside = [one["loc"][-1] for one in faults if one["type"] == "missing"]
    missing = [one for one in known if one in beside and (*above, one) in _places(faults)]
    meant = _meant(str(name), missing) or _meant(str(name), known)
    return f"is no field here{meant or f' (there are: {", ".join(known)})'}"


def _places(faults: list["ErrorDetails"]) -> set[tuple[int | str, ...]]:
    return {fault["loc"] for fault in faults}


def _meant(name: str, known: list[str]) -> str:
    """Two spellings of a name may differ in nothing but its letters' case."""
    lower = {one.lower(): one for one in known}
    near = get_close_matches(name.lower().replace("_", ""), lower, n=1)
    return f": did you mean {lower[near[0]]}?" if near else ""


def _given(fault: "ErrorDetails") -> str:
    given = fault["input"]
    if not isinstance(given, str | int | float):
        return ""
    text = repr(given)
    return f" (not {text if len(text) <= _SHOWN else text[:_SHOWN] + '...'})"


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
