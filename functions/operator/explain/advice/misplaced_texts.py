"""The keys of a format come in, in their order; those leave that may hold a client's text and stand
before facts that nobody can be sure of then: they belong at the format's end.
"""

from collections.abc import Collection, Mapping, Sequence

from functions.metering.access.client_text import first_of
from functions.metering.access.field_plan import gateways_keys, plan_of
from functions.metering.access.format_v1 import KEYS
from functions.metering.field_names import FieldName

# In doubt they refuse only what the gateway refused, or what is billed by size.
_SELDOM = frozenset({"errorType", "responseLength"})


def misplaced_texts(
    paths: Sequence[str],
    fields: Mapping[FieldName, str],
    constants: Collection[str],
    *,
    is_v1: bool,
    is_tamper: bool,
) -> tuple[str, ...]:
    """`fields` and `constants`: what is declared. `is_tamper`: lines of it were refused as such."""
    if is_v1:
        others = [path for path in paths if path not in KEYS]
        return tuple(others) if KEYS.intersection(paths[first_of(paths, KEYS) :]) else ()
    plan = plan_of(tuple(paths), fields)
    unsure = plan.unsure.facts.difference(constants, () if is_tamper else _SELDOM)
    if plan.twice is not None or not unsure:
        return ()
    written = gateways_keys(paths, fields)
    return tuple(path for path in paths if path not in written)
