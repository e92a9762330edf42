"""A mutation that knows JSON: an input comes in, one with another value, name or shape leaves.

libFuzzer's own mutations break JSON nearly always, and then only its reader is tried.
"""

import json
import random
from collections.abc import Sequence

NASTY: Sequence[object] = (
    *(None, True, False, 0, 1, -1, 0.5, 1e308, float("inf"), float("nan"), 2**53, 2**63, 10**400),
    *("", "-", "(none)", " ", "\x00", "\ud800", "\ufffd", "\u2028", "null", "1", "-1", "1e3"),
    *([], {}, [[]], {"": ""}, [None], "a" * 300, "*" * 8, "2026-10-02T08:00:00Z", "200", 200),
)
_MOST_CHANGES = 4
_ESCAPED = 0.5

type Pairs = list[tuple[str, object]]


class Members(list):  # type: ignore[type-arg]
    """An object's members in their order, where a name may stand twice."""


def mutated(data: bytes, words: Sequence[str], draw: random.Random) -> bytes | None:
    """None where no line of the input holds JSON."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    places = [at for at, line in enumerate(lines) if at and ("{" in line or "[" in line)]
    if not places:
        return None
    at = draw.choice(places)
    start = min(place for sign in "{[" if (place := lines[at].find(sign)) >= 0)
    try:
        found = json.loads(lines[at][start:], object_pairs_hook=Members)
    except (ValueError, RecursionError):
        return None
    for _ in range(draw.randint(1, _MOST_CHANGES)):
        found = _changed(found, words, draw)
    lines[at] = lines[at][:start] + _written(found, is_ascii=draw.random() < _ESCAPED)
    # Half of a character that was written as it is has no bytes.
    return "\n".join(lines).encode("utf-8", "replace")


def _changed(value: object, words: Sequence[str], draw: random.Random) -> object:
    """The value with one change in it, somewhere."""
    if isinstance(value, Members) and value and draw.random() < 0.85:
        at = draw.randrange(len(value))
        name, inner = value[at]
        if isinstance(inner, list) and draw.random() < 0.6:
            return Members([*value[:at], (name, _changed(inner, words, draw)), *value[at + 1 :]])
        return _other_members(value, at, words, draw)
    if isinstance(value, list) and not isinstance(value, Members) and value and draw.random() < 0.8:
        at = draw.randrange(len(value))
        return _other_elements(value, at, words, draw)
    return _other_value(value, words, draw)


def _other_members(
    members: list[tuple[str, object]], at: int, words: Sequence[str], draw: random.Random
) -> Members:
    before, (name, value), after = members[:at], members[at], members[at + 1 :]
    word = draw.choice(words) if words else name
    other = _other_value(value, words, draw)
    here: Sequence[Sequence[tuple[str, object]]] = (
        [],
        [(name, value), (name, other)],
        [(word, value)],
        [(name, value), (word, _any(words, draw))],
        [(word, Members([(name, value)]))],
        [*after[:1], (name, value)],
        [(name, other)],
    )
    chosen = draw.randrange(len(here))
    swaps = chosen == len(here) - 2
    return Members([*before, *here[chosen], *after[swaps:]])


def _other_elements(
    elements: list[object], at: int, words: Sequence[str], draw: random.Random
) -> list[object]:
    before, value, after = elements[:at], elements[at], elements[at + 1 :]
    match draw.randrange(5):
        case 0:
            return [*before, *after]
        case 1:
            return [*before, value, value, *after]
        case 2:
            return [*before, _any(words, draw), value, *after]
        case _:
            return [*before, _changed(value, words, draw), *after]


def _other_value(value: object, words: Sequence[str], draw: random.Random) -> object:
    match draw.randrange(8):
        case 0:
            return _written(value, is_ascii=True)
        case 1:
            return [value]
        case 2 if isinstance(value, str):
            at = draw.randint(0, len(value))
            return value[:at] + str(_any(words, draw)) + value[at:]
        case 3 if isinstance(value, int | float) and not isinstance(value, bool):
            return value * draw.choice((-1, 10, 1000)) + draw.choice((-1, 0, 1))
        case _:
            return _any(words, draw)


def _any(words: Sequence[str], draw: random.Random) -> object:
    return draw.choice(words) if words and draw.random() < 0.6 else draw.choice(NASTY)


def _written(value: object, *, is_ascii: bool) -> str:
    match value:
        case Members():
            inner = (
                f"{json.dumps(name, ensure_ascii=is_ascii)}:{_written(one, is_ascii=is_ascii)}"
                for name, one in value
            )
            return f"{{{','.join(inner)}}}"
        case list():
            return f"[{','.join(_written(one, is_ascii=is_ascii) for one in value)}]"
        case _:
            return json.dumps(value, ensure_ascii=is_ascii)
