"""What pydantic says of a document comes in; every fault leaves, in plain words, each with its
field (`versions.0.meters.1.quantity`).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from functions.metering.configuration.pattern_words import PATTERN_WORDS
from functions.metering.configuration.version import Configuration
from functions.usage.plain_faults import is_echo, meant, plain_fault, unknown_name
from functions.usage.strict_json import STANDS_TWICE, JsonPath

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_WHOLE = "document"
# One mistake in a map of customers is as many faults as it has names. Metering says them in a line
# of its log, while its deliveries wait.
MOST_TOLD = 100
_MORE = f"{_WHOLE}: has more faults than these {MOST_TOLD}: mend them first"
# What pydantic adds to the place of a fault in a name.
_NAME = "[key]"


class Wording(NamedTuple):
    """What the words know of a kind of document: its model, its patterns in words beside those of
    the configuration, and the fields of which nobody says again what was given.
    """

    model: type[BaseModel]
    patterns: Mapping[str, str] = {}
    secret: frozenset[str] = frozenset()


def in_plain_words(error: "ValidationError | None", twice: Sequence[JsonPath]) -> list[str]:
    """Every fault of a configuration once, or the first of very many: the names that stand `twice`,
    of which pydantic sees the last, and what it says itself.
    """
    found = faults_by_place(error, Wording(Configuration)) if error else ()
    said = chain(((place, STANDS_TWICE) for place in twice), found)
    told = [
        f"{'.'.join(map(str, place)) or _WHOLE}: {words}"
        for place, words in islice(said, MOST_TOLD)
    ]
    return told if next(said, None) is None else [*told, _MORE]


def faults_by_place(error: "ValidationError", wording: Wording) -> Iterator[tuple[JsonPath, str]]:
    """Every fault of a document once: where it is, and its words."""
    faults = error.errors(include_url=False)
    places = [fault["loc"] for fault in faults]
    for fault in faults:
        if not is_echo(fault, places):
            place = tuple(part for part in fault["loc"] if part != _NAME)
            yield place, _words(fault, faults, wording)


def _words(fault: "ErrorDetails", faults: list["ErrorDetails"], wording: Wording) -> str:
    if fault["type"] == "extra_forbidden":
        return _unknown_field(fault, faults, wording.model)
    name = "the name " if fault["loc"] and fault["loc"][-1] == _NAME else ""
    patterns = {**PATTERN_WORDS, **wording.patterns}
    is_shown = not set(fault["loc"]) & wording.secret
    return f"{name}{plain_fault(fault, patterns, shows_given=is_shown)}"


def _unknown_field(
    fault: "ErrorDetails", faults: list["ErrorDetails"], model: type[BaseModel]
) -> str:
    """A field that is missing beside it is the first to be meant."""
    *above, name = fault["loc"]
    known = _names_at(tuple(above), model)
    beside = {one["loc"] for one in faults if one["type"] == "missing"}
    missing = [one for one in known if (*above, one) in beside]
    return unknown_name(str(name), missing if meant(str(name), missing) else known)


def _names_at(place: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """The fields that an object may have there."""
    schema = _schema_of(model)
    found = list(_followed(schema, schema, place))
    return [name for one in found for name in one.get("properties", {})]


@cache  # 5 ms
def _schema_of(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema(by_alias=True)


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
