"""The keys of a format come in; which of them hold the facts that billing needs leaves.

A fact stands where it is declared, else at a common name, else, and then it has to be declared, at
a key that ends in a common name: `response.status`. Who pays may be any key that API Gateway fills
with a verified identity. What a client can choose is never proposed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from functions.metering.access.client_text import PAYERS
from functions.metering.access.field_plan import plan_of
from functions.metering.configuration.client_keys import not_to_declare
from functions.metering.field_names import COMMON_NAMES, UNFORGEABLE, FieldName, common_name
from functions.operator.explain.advice.context_variables import endings_of

# What makes a request one request, and may stand under another's name.
_SOUGHT: tuple[FieldName, ...] = (
    "extendedRequestId",
    "requestTimeEpoch",
    "requestTime",
    "status",
    "apiId",
    "stage",
    "httpMethod",
    "resourcePath",
    "requestId",
    "errorType",
    "responseLength",
    "responseLatency",
)
# Where a client's text may stand in the line, these decide money and are better declared.
_DECIDING: tuple[FieldName, ...] = ("resourcePath", "status", "errorType")
# Other parts of API Gateway that have a status or an id of their own.
_NOT_THE_REQUESTS = frozenset(
    {"authorizer", "authorize", "authenticate", "waf", "integration", "context"}
)
# Whom API Gateway verified, the likelier to be the payer first.
_CUSTOMERS = ("customerid", "customer")
_IDENTITIES = ("apikeyid", "subjectdn", "clientcertsubjectdn", "sub", "user", "userarn", "caller")
_PRINCIPALS = ("principalid", "principal", "cognitoidentityid")
_PATH_CHARS = 128


class HeldFacts(NamedTuple):
    """`held`: the key of each fact. `fields`: what to declare, our name to their key; empty where
    common names do. `is_forgeable`: a client's text may stand in the line, so that who pays has to
    be declared.
    """

    held: Mapping[str, str]
    fields: Mapping[FieldName, str]
    is_forgeable: bool


def held_facts(paths: Sequence[str], declared: Mapping[FieldName, str]) -> HeldFacts:
    """`declared` stays as it is."""
    usable = tuple(path for path in paths if len(path) <= _PATH_CHARS and path.isprintable())
    plan = plan_of(usable, declared)
    held = {field: usable[indices[0]] for field, indices in plan.places}
    found = dict(declared)
    for field, path in _elsewhere(usable, held):
        held[field] = found[field] = path
    if not any(payer in held or payer in declared for payer in PAYERS):
        found |= _payer(usable, set(held.values()))
        held |= {field: path for field, path in found.items() if field in PAYERS}
    twice = {field for field, indices in plan.places if len(indices) > 1}
    better = set() if plan.is_unforgeable else {*PAYERS, *(() if declared else _DECIDING)}
    for each in COMMON_NAMES:
        if each in held and each not in found and each in twice | better:
            found[each] = held[each]
    return HeldFacts(held, _each_once(found), is_forgeable=not plan.is_unforgeable)


def _each_once(found: Mapping[FieldName, str]) -> Mapping[FieldName, str]:
    """A key can be declared for one fact only: the first one found."""
    names = [common_name(path) for path in found.values()]
    return {
        field: path for at, (field, path) in enumerate(found.items()) if names[at] not in names[:at]
    }


def _elsewhere(paths: Sequence[str], held: Mapping[str, str]) -> Iterator[tuple[FieldName, str]]:
    """Facts at keys that only end in a common name."""
    taken = set(held.values())
    for field in _SOUGHT:
        if field in held or (field == "requestTime" and "requestTimeEpoch" in held):
            continue
        for path in paths:
            if path not in taken and _ends_in(path, field):
                taken.add(path)
                yield field, path
                break


def _ends_in(path: str, field: FieldName) -> bool:
    if common_name(path) in UNFORGEABLE or not_to_declare(field, path):
        return False
    if any(word in _NOT_THE_REQUESTS for word in path.lower().split(".")[:-1]):
        return False
    return not set(COMMON_NAMES[field]).isdisjoint(endings_of(path))


def _payer(paths: Sequence[str], taken: set[str]) -> Mapping[FieldName, str]:
    """The likeliest key of a verified identity; nothing where there is none."""
    sought: tuple[tuple[FieldName, tuple[str, ...]], ...] = (
        ("customerId", _CUSTOMERS),
        ("apiKeyId", _IDENTITIES),
        ("apiKeyId", _PRINCIPALS),
        ("customerId", COMMON_NAMES["tenantId"]),
    )
    for field, names in sought:
        for name in names:
            for path in paths:
                is_free = path not in taken or name in (*_PRINCIPALS, *COMMON_NAMES["tenantId"])
                if is_free and name in endings_of(path) and not not_to_declare(field, path):
                    return {field: path}
    return {}
