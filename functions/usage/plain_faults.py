"""What pydantic found wrong with something that a person wrote comes in; plain words leave: what
stands there, and what to write.

One vocabulary for a configuration, the input of a replay or an audit, a command's options and a
function's environment: a person meets the same words everywhere.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from functions.usage.json_words import json_words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SHOWN = 60
_TIME = "write a time with its offset, as 2026-11-01T00:00:00Z"
_WHOLE = "must be a whole number, without quotes"
_NUMBER = "must be a number, without quotes"
_TRUTH = "must be true or false, without quotes"
_LIST = "must be a list, in square brackets"
_OBJECT = "must be an object, in braces"
_KINDS = {
    "missing": "is needed",
    "string_type": "must be text, in quotes",
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "is too large a number",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "timezone_aware": f"has no offset: {_TIME}",
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be less than {lt:g}",
    "too_short": "needs at least {min_length}",
    "too_long": "takes at most {max_length}",
    "string_too_short": "must not be empty: give a value, or leave it out",
    "string_too_long": "takes at most {max_length} characters",
    "union_tag_invalid": "{discriminator} is none of {expected_tags}",
    "union_tag_not_found": "{discriminator} is needed",
    "value_error": "{error}",
}
# What was given says nothing beyond the words.
_WITHOUT_GIVEN = frozenset(
    {"missing", "too_short", "too_long", "string_too_short", "string_too_long", "value_error"}
)
_NO_PATTERNS: Mapping[str, str] = {}


def plain_fault(
    fault: "ErrorDetails", patterns: Mapping[str, str] = _NO_PATTERNS, *, shows_given: bool = True
) -> str:
    """`must be at most 599 (not 4000)`. `patterns`: what each pattern asks for, in words.
    `shows_given`: whether what stands there may be repeated; of a secret it may not.
    """
    kind, context = fault["type"], fault.get("ctx", {})
    given = f" (not {_shown(fault)})" if shows_given and _shown(fault) else ""
    if kind == "json_invalid":
        given_text = fault.get("input")
        return json_words(given_text) if isinstance(given_text, str | bytes) else "is no JSON"
    if kind in {"literal_error", "enum"}:
        names = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"is none of {', '.join(names)}{meant(str(fault.get('input')), names) or given}"
    if kind == "string_pattern_mismatch":
        words = patterns.get(str(context["pattern"]))
        return f"must be {words}{given}" if words else f"has characters that it cannot have{given}"
    if kind not in _KINDS:
        return f"is of another form than it must be{given}"
    return _KINDS[kind].format_map(context) + ("" if kind in _WITHOUT_GIVEN else given)


def is_echo(fault: "ErrorDetails", places: list[tuple[int | str, ...]]) -> bool:
    """A list is too short also because its members are not usable. `places`: of all faults."""
    if fault["type"] != "too_short":  # first: a document may have as many faults as lines
        return False
    place = fault["loc"]
    return any(one != place and one[: len(place)] == place for one in places)


def unknown_name(name: str, known: Iterable[str], what: str = "no field here") -> str:
    """`is no field here: did you mean metricName?`."""
    names = list(known)
    return f"is {what}{meant(name, names) or f' (there are: {", ".join(names)})'}"


def meant(name: str, known: Iterable[str]) -> str:
    """`: did you mean metricName?`; empty where nothing is like it. Two spellings of a name may
    differ in nothing but its letters' case.
    """
    # Only where there is a fault: no cold start pays for it.
    from difflib import get_close_matches  # noqa: PLC0415

    lower = {one.lower(): one for one in known}
    near = get_close_matches(name.lower().replace("_", ""), lower, n=1)
    return f": did you mean {lower[near[0]]}?" if near else ""


def _shown(fault: "ErrorDetails") -> str:
    given = fault.get("input")
    if not isinstance(given, str | int | float):
        return ""
    text = repr(given)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
