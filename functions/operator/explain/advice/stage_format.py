"""The keys of a format come in; the format of the stage that can be billed leaves, on one line for
`accessLogSettings.format`: what it had, under the names that it has, and what it lacks.

Every value stands in quotes: a bare one that is absent prints `-`, which is no JSON.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from functions.metering.access.client_text import PAYERS
from functions.metering.access.format_v1 import FORMAT
from functions.metering.field_names import COMMON_NAMES, FieldName
from functions.operator.explain.advice.context_variables import (
    FORMAT_V1,
    variable_of_fact,
    variable_of_key,
)
from functions.operator.explain.advice.held_facts import HeldFacts
from functions.operator.explain.advice.line_shape import LineShape, Skeleton

_ALWAYS: tuple[FieldName, ...] = ("extendedRequestId", "apiId", "stage", "status")
_PAYING: tuple[FieldName, ...] = ("customerId", "apiKeyId")
_TIMES = ("requestTimeEpoch", "requestTime")


class StageFormat(NamedTuple):
    """`added`: the keys that the format lacks; `kept`: those whose variable nobody can tell;
    `moved`: those that go to its end, under their dotted names.
    """

    text: str
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()


def format_v1() -> StageFormat:
    """For formats of which nothing can be kept: they are no JSON."""
    return StageFormat(_one_line(FORMAT_V1))


def stage_format(
    shape: LineShape, facts: HeldFacts, declared: Collection[str], moved: Sequence[str] = ()
) -> StageFormat:
    """`declared`: facts that a declaration says for every line. What is declared at a key that the
    format lacks is added under that key.
    """
    skeleton = shape.skeleton or {}
    fact_at = {path: field for field, path in facts.held.items() if field not in PAYERS}
    kept: list[str] = []
    members = _filled(skeleton, "", shape, fact_at, kept)
    added: dict[str, str] = {}
    for field in _lacking(facts, declared, is_v1="v" in skeleton):
        key = facts.fields.get(field, field)
        added[key] = variable_of_key(key, is_epoch=False) or variable_of_fact(field)
    kept_ones, ended = _parted(members, moved)
    text = _one_line(kept_ones | added | ended)
    return StageFormat(text, tuple(added), tuple(kept), tuple(moved))


def _parted(
    members: Mapping[str, Any], moved: Collection[str], prefix: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stays, and what goes to the end: an object as it is where all of it goes, else the keys
    that do under their dotted names.
    """
    stays: dict[str, Any] = {}
    ended: dict[str, Any] = {}
    for name, value in members.items():
        path = f"{prefix}{name}"
        if not isinstance(value, dict):
            (ended if path in moved else stays)[path if path in moved else name] = value
            continue
        inner, out = _parted(value, moved, f"{path}.")
        if inner or not out:
            stays[name] = inner
            ended |= out
        else:
            ended[path] = value
    return stays, ended


def _lacking(facts: HeldFacts, declared: Collection[str], *, is_v1: bool) -> list[FieldName]:
    held = facts.held
    lacking = {field for field in _ALWAYS if field not in held and field not in declared}
    if not any(time in held for time in _TIMES):
        lacking.add("requestTimeEpoch")
    if is_v1 and "accountId" not in held:
        lacking.add("accountId")
    if not any(payer in held for payer in PAYERS):
        lacking |= {payer for payer in _PAYING if payer in facts.fields} or set(_PAYING)
    return [field for field in COMMON_NAMES if field in lacking]


def _filled(
    skeleton: Skeleton,
    prefix: str,
    shape: LineShape,
    fact_at: Mapping[str, str],
    kept: list[str],
) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, inner in skeleton.items():
        path = f"{prefix}{name}"
        if inner is not None:
            members[name] = _filled(inner, f"{path}.", shape, fact_at, kept)
            continue
        members[name] = _variable(path, shape, fact_at)
        if not members[name]:
            members[name] = f"<what {path} is now>"
            kept.append(path)
    return members


def _variable(path: str, shape: LineShape, fact_at: Mapping[str, str]) -> str:
    if path == "v":
        return FORMAT
    found = variable_of_key(path, is_epoch=path in shape.epochs)
    field = fact_at.get(path)
    return found or next((variable_of_fact(each) for each in COMMON_NAMES if each == field), "")


def _one_line(members: Mapping[str, Any]) -> str:
    return json.dumps(members, separators=(",", ":"))
