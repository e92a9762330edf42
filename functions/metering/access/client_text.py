"""Which facts of a line a client may have written: the paths of its keys come in, in the order of
its text, and the place of the first key that may hold a client's text; a fact leaves, or None.

Before that key every character is the gateway's. Behind it a text that is not escaped can write any
key, and two such texts can hide what stands between them inside an object or a list; but a hidden
key keeps its last name. So a fact there is sure only where it is declared and its last name stands
once.

Where it is not declared and stands once, it is the gateway's, or the format lacks it. A format that
lacks what every bill needs bills nobody, so nothing is gained by adding that; a time is held
against the log event's stamp. What only makes a request free is gained by adding it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from functions.metering.field_names import (
    COMMON_NAMES,
    NAME_CHARS,
    FieldName,
    common_name,
    last_name,
)

# Who pays. Where one of the two is declared, the other's common names are nobody's.
PAYERS: tuple[FieldName, ...] = ("customerId", "apiKeyId")
# What decides whether, for how much and by which version a request is billed.
_DECIDING: tuple[FieldName, ...] = (
    "apiId",
    "stage",
    "extendedRequestId",
    "requestTimeEpoch",
    "requestTime",
    "httpMethod",
    "resourcePath",
    "status",
    "integrationStatus",
    "errorType",
    "responseLength",
)
# A format without one of these bills nobody, whoever adds it; without the size, by no size.
_NEEDED: AbstractSet[str] = frozenset(
    {"apiId", "stage", "extendedRequestId", "status", "responseLength"}
)
TIMES: AbstractSet[str] = frozenset({"requestTimeEpoch", "requestTime"})
# Nothing is decided by them, declared or not: an integration and an authorizer have a `requestId`
# or a `latency` of their own, and an honest line must not be refused for that.
_TOLD_ONLY: AbstractSet[str] = frozenset({"requestId", "responseLatency", "integrationLatency"})
# Its last name is cut off.
TOO_LONG = f"a key of more than {NAME_CHARS} characters"
_OF_NAME: Mapping[str, FieldName] = {
    name: field for field in _DECIDING for name in COMMON_NAMES[field]
}
# Written by a client they make nobody pay: an undeclared payer does not, and another tenant's line
# is quarantined. Hidden they would profit it.
_OF_HIDDEN_NAME: Mapping[str, FieldName] = {
    name: field for field in (*PAYERS, "tenantId") for name in COMMON_NAMES[field]
}


class Unsure(NamedTuple):
    """`facts`: a client may have written or hidden them. `added`: it may have added them, where the
    format lacks them; of these nothing is believed that makes a request free.
    """

    facts: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()


def unsure_facts(
    paths: Sequence[str],
    first: int,
    declared: Mapping[FieldName, str],
    before: AbstractSet[FieldName],
) -> Unsure:
    """Of what stands behind the key at `first`. What stands `before` it is sure."""
    behind = paths[first + 1 :]
    if any(len(path) > NAME_CHARS for path in behind):
        return Unsure(frozenset({TOO_LONG}))
    times = Counter(map(last_name, behind))
    there = {
        field: path
        for field, path in declared.items()
        if path in behind and times[last_name(path)] == 1
    }
    sure = before | there.keys() | _TOLD_ONLY
    if "requestTimeEpoch" in sure:
        sure |= {"requestTime"}  # it is only compared
    waited_for = {last_name(path): field for field, path in declared.items() if field not in sure}
    others = set(behind) - set(there.values())
    meant = Counter(waited_for.get(last_name(path)) or _meant(path) for path in others)
    once = {
        field
        for path in others
        if (field := _OF_NAME.get(common_name(path))) is not None
        and field not in declared
        and meant[field] == times[last_name(path)] == 1
    }
    facts = {field for field in meant if field is not None} - once
    return Unsure(frozenset(facts - sure), frozenset(once - _NEEDED - sure))


def _meant(path: str) -> FieldName | None:
    """The fact that a key is, or was before it was hidden."""
    whole, last = common_name(path), common_name(last_name(path))
    found = _OF_NAME.get(whole) or _OF_NAME.get(last)
    return found or (None if whole in _OF_HIDDEN_NAME else _OF_HIDDEN_NAME.get(last))


def first_of(names: Sequence[str], gateways: Collection[str]) -> int:
    """The place of the first name that is not the gateway's; how many there are, if all are."""
    return next((place for place, name in enumerate(names) if name not in gateways), len(names))
