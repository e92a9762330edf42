"""A configuration's document and what is to be metered come in; the document with it leaves.

Guaranteed: a version that is in force or past is not changed. What is new is said by a version of
its own from now on, and by those that are yet to come: their makers did not know of it.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from functions.metering.configuration.source_declaration import MeteredStage, SourceDeclaration
from functions.metering.configuration.version import Configuration
from functions.metering.field_names import FieldName
from functions.usage.moment import epoch_ms_from_iso, iso_from_epoch_ms

type ConfigurationDocument = Mapping[str, Any]
type _Version = Mapping[str, Any]

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")
_NAME_CHARS = 63


class MeteredAs(NamedTuple):
    """What the configuration is to say of a stage: its source, how its lines are read, whose its
    API keys are. `access_log` None: format v1, which needs no declaration.
    """

    source: Mapping[str, str]
    access_log: Mapping[str, Any] | None = None
    customers: Mapping[str, str] = MappingProxyType({})


def source_name(configuration: Configuration, api_name: str, api_id: str, stage: str) -> str:
    """Free, and known again by whoever reads the metrics."""
    taken = {source.name for source in configuration.sources}
    words = _NOT_IN_A_NAME.sub("-", api_name).strip("-").lower()
    for name in (f"{words}-{stage}", f"{api_id}-{stage}"):
        short = name[:_NAME_CHARS].strip("-")
        if words and short not in taken:
            return short
    return api_id


def declared_source(
    configuration: Configuration, api_id: str, stage: str, log_group: str
) -> SourceDeclaration | None:
    """By its stage or, where the declaration names none, by its log group."""
    of_stage = MeteredStage(api_id, stage)
    return configuration.source_of(log_group) or next(
        (one for one in configuration.sources if one.metered_stage == of_stage), None
    )


def documented_source(document: ConfigurationDocument, name: str) -> dict[str, Any] | None:
    """As somebody put it; None of one that the stack's parameters declare alone."""
    return next((dict(one) for one in document.get("sources", []) if one["name"] == name), None)


def with_source(
    document: ConfigurationDocument, wanted: MeteredAs, now_ms: int
) -> ConfigurationDocument:
    """Only what is not said yet is added."""
    others = [one for one in document.get("sources", []) if not _is_same(one, wanted.source)]
    changed = {**document, "sources": [*others, dict(wanted.source)]}
    if not lacks_version(document, wanted, now_ms):
        return changed
    earlier, in_force, later = _by_time(document, now_ms)
    now = {"effectiveFrom": iso_from_epoch_ms(now_ms)}
    added = [_saying({**one, **now}, wanted) for one in in_force]
    return {**changed, "versions": [*earlier, *added, *(_saying(one, wanted) for one in later)]}


def without_source(
    document: ConfigurationDocument, source: Mapping[str, Any]
) -> ConfigurationDocument:
    """What the versions say of its log group stays: its requests may be metered again."""
    left = [one for one in document.get("sources", []) if not _is_same(one, source)]
    return {**document, "sources": left}


def lacks_version(document: ConfigurationDocument, wanted: MeteredAs, now_ms: int) -> bool:
    """Whether some version in force now or later does not say all of it."""
    _, in_force, later = _by_time(document, now_ms)
    return any(_saying(one, wanted) != dict(one) for one in (*in_force, *later))


def merged_access_log(
    configuration: Configuration, log_group: str, fields: Mapping[FieldName, str], now_ms: int
) -> Mapping[str, Any] | None:
    """What is declared stays; facts that nobody declared are added. None: nothing to declare."""
    version = configuration.in_force(now_ms)
    present = version.access_logs.get(log_group) if version else None
    if present is None:
        return {"fields": dict(fields)} if fields else None
    said = present.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    declared: dict[str, str] = dict(said.get("fields", {}))
    taken = set(declared.values())
    new = {name: key for name, key in fields.items() if name not in declared and key not in taken}
    return {**said, "fields": declared | new} if declared or new else said or None


def _saying(version: _Version, wanted: MeteredAs) -> dict[str, Any]:
    group = wanted.source["logGroup"]
    said = dict(version)
    if wanted.access_log is not None:
        said["accessLogs"] = {**version.get("accessLogs", {}), group: dict(wanted.access_log)}
    if wanted.customers:
        said["customers"] = {**version.get("customers", {}), **wanted.customers}
    return said


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["logGroup"] == other["logGroup"] or one["name"] == other["name"])


def _by_time(
    document: ConfigurationDocument, now_ms: int
) -> tuple[Sequence[_Version], Sequence[_Version], Sequence[_Version]]:
    """Those that have begun, that of them which is in force if any is, and those yet to come."""
    versions: Sequence[_Version] = document["versions"]
    earlier = [one for one in versions if _start_ms(one) <= now_ms]
    later = [one for one in versions if _start_ms(one) > now_ms]
    return earlier, sorted(earlier, key=_start_ms)[-1:], later


def _start_ms(version: _Version) -> int:
    return epoch_ms_from_iso(version["effectiveFrom"])
