"""Where each field stands in lines of one shape: the keys of a line and the declared ones come in,
a plan leaves. The lines of a stage have one shape, so a plan is made once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from functions.metering.access.client_text import PAYERS, Unsure, first_of, unsure_facts
from functions.metering.field_names import (
    CLIENTS_FIELDS,
    COMMON_NAMES,
    UNFORGEABLE,
    FieldName,
    common_name,
    last_name,
)

# Wider lines are nobody's access log; their plans are not kept, so that they fill no memory.
_WIDEST = 64
_SHAPES = 64


class FieldPlan(NamedTuple):
    """`places`: each field with the indices of the keys that may hold it, the likeliest first.
    `is_unforgeable`: no key holds text of a client. Where one may, `twice` is a field that stands
    in two places: a client may have written one of them, absent or present, equal or not. `unsure`
    is of those behind the key at `first`, the first that may hold such a text. `has_payer`: a key
    says who pays, if only that nobody does. `is_distinct`: no path stands twice, nor a last name
    behind `first`.
    """

    places: tuple[tuple[str, tuple[int, ...]], ...]
    is_unforgeable: bool
    twice: str | None
    has_payer: bool
    first: int
    unsure: Unsure
    is_distinct: bool


def plan_of(paths: tuple[str, ...], declared: Mapping[FieldName, str]) -> FieldPlan:
    """The plan for lines with these keys, in this order."""
    make = _kept if len(paths) <= _WIDEST else _made
    return make(paths, tuple(declared.items()))


def _made(paths: tuple[str, ...], declarations: tuple[tuple[FieldName, str], ...]) -> FieldPlan:
    declared = dict(declarations)
    exact, common = _indices(paths), _indices(map(common_name, paths))
    # A key that was declared for one fact is nobody's common name for another.
    taken = {index for path in declared.values() for index in exact.get(path, ())}
    # Where one of the two is declared, the other's common names are nobody's.
    others = PAYERS if any(payer in declared for payer in PAYERS) else ()
    places = []
    for field, names in COMMON_NAMES.items():
        if field in declared:
            places.append((field, tuple(exact.get(declared[field], ()))))
        elif field not in others:
            found = [
                index for name in names for index in common.get(name, ()) if index not in taken
            ]
            places.append((field, tuple(found)))
    held = tuple(place for place in places if place[1])
    has_payer = any(field in PAYERS for field, _ in held)
    if UNFORGEABLE.issuperset(common):
        return FieldPlan(
            held,
            is_unforgeable=True,
            twice=None,
            has_payer=has_payer,
            first=len(paths),
            unsure=Unsure(),
            is_distinct=_is_distinct(paths, len(paths)),
        )
    many = next((field for field, indices in held if len(indices) > 1), None)
    first = first_of(paths, gateways_keys(paths, declared))
    before = {field for field, indices in held if min(indices) < first}
    before |= set(others) - declared.keys()
    return FieldPlan(
        held,
        is_unforgeable=False,
        twice=many,
        has_payer=has_payer,
        first=first,
        unsure=unsure_facts(paths, first, declared, before),
        is_distinct=_is_distinct(paths, first),
    )


def _is_distinct(paths: Sequence[str], first: int) -> bool:
    behind = paths[first + 1 :]
    return len(set(paths)) == len(paths) and len(set(map(last_name, behind))) == len(behind)


def gateways_keys(paths: Iterable[str], declared: Mapping[FieldName, str]) -> set[str]:
    """Those that hold no text of a client: a declared key is the gateway's, but for one that a
    client has a hand in by its meaning.
    """
    written = {path for field, path in declared.items() if field not in CLIENTS_FIELDS}
    written.update(path for path in paths if common_name(path) in UNFORGEABLE)
    return written


_kept = lru_cache(maxsize=_SHAPES)(_made)


def _indices(names: Iterable[str]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        found[name].append(index)
    return found
