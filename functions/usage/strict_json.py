"""One JSON object of a log line, read so that nothing can stand in it twice; and where a name does,
in a document that a person wrote.

JSON readers let the last of two equal names win: a value that smuggles in a second `customerId`
would choose who pays (aforo-contract.md 1.2). Such a line is quarantined as `tamper`, and such a
document is refused.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from pydantic_core import SchemaValidator
from pydantic_core.core_schema import dict_schema, str_schema

from functions.usage.outcome import Quarantined

INVALID = Quarantined("invalid_json", "the line is not JSON")
NOT_AN_OBJECT = Quarantined("unknown_format", "the line is JSON, but not an object")

# A line of ours has some 600; with this none of its fields can be long.
PLAIN_CHARS = 2048

# One validation is as fast as reading alone, and a third faster than reading and then looking.
_TEXTS = SchemaValidator(dict_schema(str_schema(strict=True), str_schema(strict=True)))


# How a refused document says it, behind the path.
STANDS_TWICE = "stands twice in one object: keep one of them"

type JsonPath = tuple[int | str, ...]


class _DuplicateName(Exception):  # noqa: N818 - never leaves this module
    pass


def read_plain(line: str) -> dict[str, str] | None:
    """The object in `line` if it is plain: short, printable ASCII, nothing escaped, every value a
    text, each name once. None only says that `read_object` must look: it is five times slower.
    """
    if len(line) > PLAIN_CHARS or not line.isascii() or "\\" in line or "\x7f" in line:
        return None
    try:
        found: dict[str, str] = _TEXTS.validate_json(line)
    except ValueError:
        return None
    # Without a backslash every quote is a delimiter: a pair of texts has four of them, and a pair
    # that another one of its name replaced adds at least the two of that name.
    return found if line.count('"') == 4 * len(found) else None


def read_object(line: str | bytes) -> Mapping[str, object] | Quarantined:
    """The object in `line`; `Quarantined` for anything else and for a name that stands twice."""
    try:
        found = _loaded(line)
    except _DuplicateName as duplicate:
        return Quarantined("tamper", f"a name stands twice: {str(duplicate)[:80]!a}")
    except (ValueError, RecursionError):
        return INVALID
    return found if isinstance(found, dict) else NOT_AN_OBJECT


def read_array(text: str) -> list[object] | None:
    """The array in a text; None for anything else and for a name that stands twice."""
    try:
        found = _loaded(text)
    except (ValueError, RecursionError, _DuplicateName):
        return None
    return found if isinstance(found, list) else None


def names_twice(document: str | bytes) -> list[JsonPath]:
    """Every place of a name that its object has already, each once, outer ones first.
    ValueError or RecursionError for what is no JSON.
    """
    try:
        _loaded(document)
    except _DuplicateName:
        return list(dict.fromkeys(_repeated(json.loads(document, object_pairs_hook=_Members))))
    return []


class _Members(list[tuple[str, object]]):
    """An object with all that it says, the values too that no reader would see."""


def _repeated(document: object) -> Iterator[JsonPath]:
    # No recursion: a text may be nested deeper than Python's stack.
    waiting: list[tuple[JsonPath, object]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, _Members):
            times = Counter(name for name, _ in value)
            yield from ((*path, name) for name in times if times[name] > 1)
            waiting.extend(((*path, name), below) for name, below in reversed(value))
        elif isinstance(value, list):
            waiting.extend(((*path, at), below) for at, below in reversed([*enumerate(value)]))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        times = Counter(name for name, _ in pairs)
        raise _DuplicateName(next(name for name in times if times[name] > 1))
    return found


# `json.loads` makes one for each line, at a fifth of what reading it takes.
_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def _loaded(document: str | bytes) -> object:
    """ValueError and RecursionError as `json.loads` has them; _DuplicateName."""
    if isinstance(document, bytes):
        return json.loads(document, object_pairs_hook=_unique)
    found: object = _DECODER.decode(document)
    return found
