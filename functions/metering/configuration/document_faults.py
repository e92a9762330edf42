"""What pydantic says of a document comes in; every fault leaves, in plain words, each with its
field (`versions.0.meters.1.quantity`).
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

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
    "float_type": "must be a number, without quotes",
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


class Wording(NamedTuple):
    """What the words know of a kind of document: its model, its patterns in words beside those of
    the configuration, and the fields of which nobody says again what was given.
    """

    model: type[BaseModel]
    patterns: Mapping[str, str] = {}
    secret: frozenset[str] = frozenset()


def in_plain_words(error: "ValidationError") -> list[str]:
    """Every fault of a configuration once."""
    said = faults_by_place(error, Wording(Configuration))
    return [f"{'.'.join(map(str, place)) or _WHOLE}: {words}" for place, words in said]


def faults_by_place(
    error: "ValidationError", wording: Wording
) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Every fault of a document once: where it is, and its words."""
    faults = error.errors(include_url=False)
    places = [fault["loc"] for fault in faults]
    for fault in faults:
        if not _is_echo(fault, places):
            place = tuple(part for part in fault["loc"] if part != _NAME)
            yield place, _words(fault, faults, wording)


def _is_echo(fault: "ErrorDetails", places: list[tuple[int | str, ...]]) -> bool:
    """A list is too short also because its members are not usable."""
    place = fault["loc"]
    return fault["type"] == "too_short" and any(
        one != place and one[: len(place)] == place for one in places
    )


def _words(fault: "ErrorDetails", faults: list["ErrorDetails"], wording: Wording) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    given = "" if set(fault["loc"]) & wording.secret else _given(fault)
    if kind == "extra_forbidden":
        return _unknown_name(fault, faults, wording.model)
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"is none of {', '.join(names)}{_meant(str(fault['input']), names)}"
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        words = wording.patterns.get(pattern) or in_words(pattern)
        what = "the name" if fault["loc"][-1] == _NAME else "this"
        return f"{what} must be {words}{given}" if words else f"{fault['msg']}"
    if kind not in _KINDS:
        return fault["msg"]
    return _KINDS[kind].format_map(context) + ("" if kind in _WITHOUT_GIVEN else given)


def _unknown_name(
    fault: "ErrorDetails", faults: list["ErrorDetails"], model: type[BaseModel]
) -> str:
    """A field that is missing beside it is the first to be meant."""
    *above, name = fault["loc"]
    known = _names_at(tuple(above), model)
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


def _names_at(place: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """The fields that an object may have there."""
    schema = model.model_json_schema(by_alias=True)
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
