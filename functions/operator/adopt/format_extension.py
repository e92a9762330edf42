"""The access log format of a stage comes in; the same, with the keys that billing lacks before all
others, leaves, and what to declare of it.

Nothing of the old format is moved or left out: keys are put in behind its first brace. There no
text of a client can stand before them (metering/access/client_text.py).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from functions.metering.access.format_v1 import FORMAT
from functions.metering.configuration.client_keys import not_to_declare
from functions.metering.field_names import (
    CLIENTS_FIELDS,
    COMMON_NAMES,
    FieldName,
    common_name,
    leaves,
)
from functions.operator.explain.advice.context_variables import FORMAT_V1, variable_of_fact
from functions.operator.explain.advice.stage_format import format_v1
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object

# Without these nothing is billed, or to nobody: they are added under another name if need be.
_NEEDED: tuple[FieldName, ...] = (
    "extendedRequestId",
    "apiId",
    "stage",
    "requestTimeEpoch",
    "status",
    "apiKeyId",
    "customerId",
)
# What tells a refusal of API Gateway from an answer of the backend, and a route from another.
_BETTER: tuple[FieldName, ...] = ("httpMethod", "resourcePath", "integrationStatus", "errorType")
_INSTEAD: Mapping[FieldName, FieldName] = {"requestTimeEpoch": "requestTime"}
_TOLD: frozenset[str] = frozenset({"eventType", "connectionId", "routeKey"}) | CLIENTS_FIELDS
_TEXT_OR_VARIABLE = re.compile(r'"(?:[^"\\]|\\.)*"|\$context\.[A-Za-z0-9_.]+')


class ExtendedFormat(NamedTuple):
    """`fields`: what to declare, our name to the key; empty for format v1. `added`: key to
    variable. `bare`: keys whose value stands without quotes, and prints `-` where it is absent.
    """

    text: str
    fields: Mapping[FieldName, str]
    added: Mapping[str, str]
    bare: tuple[str, ...] = ()


def whole_format_v1() -> ExtendedFormat:
    """For a stage that logs nothing, or what nobody can extend."""
    return ExtendedFormat(format_v1().text, {}, dict(FORMAT_V1))


def extended(today: str) -> ExtendedFormat | None:
    """None where the format is no JSON object, or a name stands twice in it."""
    quoted = _TEXT_OR_VARIABLE.sub(_in_quotes, today)
    found = read_object(quoted)
    if isinstance(found, Quarantined):
        return None
    held = {path: str(value) for path, value in leaves(found)}
    is_v1 = held.get("v") == FORMAT
    at = _places(held, is_v1=is_v1)
    added = dict(_lacking(held, at, is_v1=is_v1))
    fields = at | {field: key for key, field in added.items() if field not in at}
    variables = {key: variable_of_fact(field) for key, field in added.items()}
    return ExtendedFormat(
        text=_with(today, variables),
        fields={} if is_v1 else fields,
        added=variables,
        bare=tuple(_bare(today)),
    )


def _in_quotes(found: re.Match[str]) -> str:
    text = found[0]
    return text if text.startswith('"') else json.dumps(text)


def _bare(today: str) -> Iterator[str]:
    for found in re.finditer(r'"((?:[^"\\]|\\.)*)"\s*:\s*\$context\.', today):
        yield found[1]


def _places(held: Mapping[str, str], *, is_v1: bool) -> dict[FieldName, str]:
    """The key of each fact, by the variable that it holds and not by its name."""
    found: dict[FieldName, str] = {}
    for field in COMMON_NAMES:
        variable = variable_of_fact(field)
        if field in _TOLD or not variable:
            continue
        for path, value in held.items():
            is_usable = path == field if is_v1 else not not_to_declare(field, path)
            if value == variable and is_usable and path not in found.values():
                found[field] = path
                break
    return found


def _lacking(
    held: Mapping[str, str], at: Mapping[FieldName, str], *, is_v1: bool
) -> Iterator[tuple[str, FieldName]]:
    """The key under which each fact is to be added. A name that holds something else is taken."""
    names = {common_name(path) for path in held}
    needed: tuple[FieldName, ...] = (*_NEEDED, "accountId") if is_v1 else _NEEDED
    for field in (*needed, *_BETTER):
        if field in at or (_INSTEAD.get(field) in at and not is_v1):
            continue
        if names.isdisjoint(COMMON_NAMES[field]):
            yield field, field
        elif field in needed:
            yield f"aforo{field[0].upper()}{field[1:]}", field


def _with(today: str, added: Mapping[str, str]) -> str:
    if not added:
        return today
    head, brace, rest = today.partition("{")
    members = json.dumps(dict(added), separators=(",", ":"))[1:-1]
    comma = "" if rest.lstrip().startswith("}") else ","
    return f"{head}{brace}{members}{comma}{rest}"
