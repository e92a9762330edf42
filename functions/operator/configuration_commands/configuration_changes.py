"""Two configurations come in; what the second one changes leaves, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from functions.metering.configuration.version import Configuration, Version
from functions.usage.moment import iso_from_epoch_ms

# Said by its members, each in a line; every other field in one line with both values.
_BY_NAME = {"customers": "customer", "accessLogs": "declaration of"}
_METERS = "meters"
_FROM = "effectiveFrom"
_LISTS = {"excludedPaths": "excluded path", "excludedStatuses": "excluded status"}

type Fields = Mapping[str, Any]


def changes(before: Configuration, after: Configuration, now_ms: int) -> Iterator[str]:
    """Nothing where both bill alike. Versions are told apart by when they come into force; a new
    one is compared with what would have been in force without it.
    """
    yield from _of_sources(before, after)
    old, new = _by_start(before), _by_start(after)
    for start in sorted(old.keys() | new.keys()):
        moment = iso_from_epoch_ms(start)
        if start not in old:
            rest = list(_differences(before.in_force(start), new[start]))
            lines = [f"version from {moment}: new", *_indented(rest)]
        elif start not in new:
            rest = list(_differences(old[start], after.in_force(start)))
            lines = [f"version from {moment}: taken away", *_indented(rest)]
        else:
            rest = list(_differences(old[start], new[start]))
            lines = [f"version from {moment}: changed", *_indented(rest)] if rest else []
        yield from lines
        if lines and start < now_ms:
            yield (
                f"  warning: {moment} lies in the past: it also changes what a replay or an"
                " audit bills of requests since then, once more under another meter's id"
            )


def _of_sources(before: Configuration, after: Configuration) -> Iterator[str]:
    """They are of no version: what changes, changes now."""
    old, new = (
        {one.name: one.model_dump(mode="json", by_alias=True, exclude={"name"}) for one in sources}
        for sources in (before.sources, after.sources)
    )
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"source {name}: no more, {old[name]['logGroup']}"
        elif name not in old:
            yield f"source {name}: new, {new[name]['kind']} log {new[name]['logGroup']}"
        else:
            yield from _of_one(f"source {name}", old[name], new[name])


def _by_start(configuration: Configuration) -> dict[int, Version]:
    return {version.effective_from_ms: version for version in configuration.versions}


def _indented(lines: list[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines or ["nothing that it says is different"])


def _differences(before: Version | None, after: Version | None) -> Iterator[str]:
    """None: nothing is in force, and requests are quarantined."""
    if before is None:
        yield "requests from then on are billed (before: quarantined, no_configuration)"
    if after is None:
        yield "requests from then on are quarantined (no_configuration)"
        return
    old = _fields(before) if before else {}
    new = _fields(after)
    for name in new:
        if old.get(name) != new[name]:
            yield from _difference(name, old.get(name), new[name])


def _fields(version: Version) -> dict[str, Any]:
    """As a document says them; sets in one order, meters by their ids."""
    said = version.model_dump(mode="json", by_alias=True, exclude={"effective_from"})
    meters = {meter.pop("id"): meter for meter in said[_METERS]}
    for meter in meters.values():
        meter["apiIds"] = sorted(meter["apiIds"])
    lists = {name: sorted(set(said[name])) for name in _LISTS}
    return {**said, _METERS: meters, **lists}


def _difference(name: str, before: Any, after: Any) -> Iterator[str]:  # noqa: ANN401 - any field's
    if name == _METERS:
        yield from _of_meters(before or {}, after)
    elif name in _BY_NAME:
        yield from _of_members(_BY_NAME[name], before or {}, after)
    elif name in _LISTS:
        gone = [one for one in before or () if one not in after]
        yield from (f"{_LISTS[name]} {one}: no more" for one in gone)
        yield from (f"{_LISTS[name]} {one}: new" for one in after if one not in (before or ()))
    elif before != after and not (before is None and after is None):
        yield f"{name}: {_text(before)} -> {_text(after)}"


def _of_meters(before: Fields, after: Fields) -> Iterator[str]:
    for meter in sorted(before.keys() | after.keys()):
        if meter not in after:
            yield f"meter {meter} ({before[meter]['metricName']}): no more"
        elif meter not in before:
            said = {name: one for name, one in after[meter].items() if one not in (None, {}, [])}
            yield f"meter {meter}: new, {_text(said)}"
        else:
            yield from _of_one(f"meter {meter}", before[meter], after[meter])


def _of_members(what: str, before: Fields, after: Fields) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if name not in after:
            yield f"{what} {name}: no more"
        elif name not in before:
            yield f"{what} {name}: new" + (f", {new}" if isinstance(new, str) else "")
        elif isinstance(new, dict):
            yield from _of_one(f"{what} {name}", before[name], new)
        elif old != new:
            yield f"{what} {name}: {_text(old)} -> {_text(new)}"


def _of_one(what: str, before: Fields, after: Fields) -> Iterator[str]:
    for name in after:
        if before.get(name) != after[name]:
            yield f"{what}: {name} {_text(before.get(name))} -> {_text(after[name])}"


def _text(value: object) -> str:
    match value:
        case None | [] | dict() if not value:
            return "none"
        case bool():
            return str(value).lower()
        case dict():
            return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
        case list():
            return " ".join(map(str, value))
        case _:
            return str(value)
