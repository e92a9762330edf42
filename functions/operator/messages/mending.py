"""A usage message that cannot be read, and what a person changes of it, come in; the document with
its changes leaves. Pure.

`events.3.occurredAt=2026-10-02T08:15:30Z` sets one field, `events.*.metricName=API Calls` that of
every event. A value is JSON if it can be read as such, and text if not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from functions.usage.errors import Permanent
from functions.usage.moment import epoch_ms_from_iso, iso_from_epoch_ms
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object

EVERY = "*"


class Mend(NamedTuple):
    """`corrected` is the whole text of a file, in place of the one that is there."""

    corrected: str | None = None
    sets: Sequence[str] = ()
    drops: Sequence[str] = ()
    is_to_utc: bool = False


def mended(text: str, mend: Mend) -> dict[str, Any]:
    """The document. Permanent names the option."""
    document = _document(text, mend)
    events = document.get("events")
    if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
        raise Permanent("--file: give the message with its list of events, as `show --text` has it")
    document["events"] = _without(events, mend.drops)
    if mend.is_to_utc:
        for event in document["events"]:
            event["occurredAt"] = _in_utc(event.get("occurredAt"))
    for one in mend.sets:
        path, is_set, value = one.partition("=")
        if not is_set:
            raise Permanent(f"--set {one}: write it as events.0.occurredAt=2026-10-02T08:15:30Z")
        _set(document, path.split("."), _value(value), one)
    return document


def differences(before: object, after: object, path: str = "") -> Iterator[str]:
    """`events.0.occurredAt: "a" -> "b"`, a line for each field that is another one."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            yield from differences(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{path}.{number}")
    elif isinstance(before, list) and isinstance(after, list):
        yield f"{path}: {len(before)} -> {len(after)}"
    elif before != after:
        yield f"{path}: {json.dumps(before)} -> {json.dumps(after)}"


def _document(text: str, mend: Mend) -> dict[str, Any]:
    source = "--file" if mend.corrected is not None else "ID"
    found = read_object(mend.corrected if mend.corrected is not None else text)
    if isinstance(found, Quarantined):
        fix = "correct the text (`message show ID --text`) and give it as --file"
        raise Permanent(f"{source}: {found.detail}: {fix}")
    document: dict[str, Any] = json.loads(json.dumps(found))
    return document


def _without(events: Sequence[dict[str, Any]], drops: Iterable[str]) -> list[dict[str, Any]]:
    """Without the events that are named by key, or by number where they have none."""
    left = dict(enumerate(events))
    for drop in drops:
        for at in [at for at, event in left.items() if _is_named(drop, at, event)]:
            del left[at]
    return list(left.values())


def _is_named(drop: str, at: int, event: Mapping[str, object]) -> bool:
    return drop in [event.get("idempotencyKey"), str(at)]  # a key may be anything here


def _in_utc(moment: object) -> object:
    try:
        return iso_from_epoch_ms(epoch_ms_from_iso(str(moment)))
    except ValueError:
        return moment  # the reader will say what is wrong with it


def _set(place: Any, path: Sequence[str], value: object, option: str) -> None:  # noqa: ANN401 - JSON
    name, *rest = path
    if name == EVERY and isinstance(place, list):
        for number in range(len(place)):
            _set(place, [str(number), *rest], value, option)
        return
    if isinstance(place, list) and name.isdigit() and int(name) < len(place):
        at: Any = int(name)
    elif isinstance(place, Mapping) and name and (not rest or name in place):
        at = name
    else:
        raise Permanent(f"--set {option}: there is no {'.'.join(path)} to set")
    if rest:
        _set(place[at], rest, value, option)
    else:
        place[at] = value


def _value(text: str) -> object:
    try:
        found: object = json.loads(text)
    except ValueError:
        return text
    return found
