"""The second witness's hours of a range come in, as they stand beside the audit's windows; their
sum leaves.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError

from functions.adapters.json_lines import UnreadableObject, list_names, read_bodies
from functions.audit.sources.witnessed_hour import witness_prefix
from functions.audit.window import days_between
from functions.audit.window_store import WindowStore
from functions.operator.audits.source_account import WitnessSum
from functions.usage.from_outside import FromOutside
from functions.usage.moment import epoch_ms_from_iso

type _Times = Annotated[int, Field(ge=0)]


class KeptHour(FromOutside):
    """As `functions.audit.sources.witness` writes it: `counted` is left out where it would say
    nothing.
    """

    model_config = ConfigDict(extra="ignore")

    hour: str
    requests: _Times
    counted: _Times | None = None
    not_logged: _Times = 0
    why: str = ""


def witnessed_range(store: WindowStore, source: str, from_ms: int, to_ms: int) -> WitnessSum:
    """Of hours that begin in the range. UnreadableObject names one that is none."""
    found = [
        one for one in _hours(store, source, from_ms, to_ms) if from_ms <= _start_ms(one) < to_ms
    ]
    compared = [one for one in found if one.counted is not None]
    return WitnessSum(
        hours=len(compared),
        counted=sum(one.counted or 0 for one in compared),
        logged=sum(one.requests for one in compared),
        not_logged=sum(one.not_logged for one in compared),
        not_compared=Counter(one.why for one in found if one.counted is None),
    )


def _hours(store: WindowStore, source: str, from_ms: int, to_ms: int) -> Iterator[KeptHour]:
    names = (
        name
        for day in days_between(from_ms, to_ms)
        for name in list_names(store.s3, store.bucket, witness_prefix(source, day))
    )
    for name, body in read_bodies(store.s3, store.bucket, names):
        try:
            yield KeptHour.model_validate_json(body)
        except ValidationError:
            raise UnreadableObject(name, "no hour of the second witness") from None


def _start_ms(one: KeptHour) -> int:
    return epoch_ms_from_iso(f"{one.hour}:00:00Z")
