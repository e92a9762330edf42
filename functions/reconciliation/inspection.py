"""What the counters say of a customer: for operators and for `make verify`, never for a decision.

`{"customerId", "meter", "keys": [...]}` comes in; the state at this moment, which of the event keys
are marked as counted, and the generation leave. Of a customer that nobody knows, those with a
similar id; with `apiKeySha256` whose key that is.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import cast

from pydantic import Field
from pydantic_core import from_json
from redis import Redis

from functions.reconciliation.commands import Id, MeterId
from functions.reconciliation.counters.customer_index import CustomerIndex
from functions.usage.from_outside import FromOutside
from functions.usage.mark import (
    FIRST_SET_MARKS,
    HourOfMeter,
    cell_of,
    closed_key,
    hours_key,
    mark_of,
)
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from functions.usage.quota import (
    Allowance,
    QuotaState,
    customer_index_key,
    identity_key,
    read_state,
    rebuild_key,
    state_key,
    tenant_key,
)

type Finding = str | int | float | bool | dict[str, bool] | dict[str, str] | list[str] | None

# Of so many customers similar ids are looked for: half a second of CPU at most.
_LOOKED_THROUGH = 20_000
# A typing error leaves out, doubles or swaps a few characters.
_LENGTHS_APART = 3
_FOR_EVER_MS = 2**53
_IDENTITY_FIELDS = ("customer_id", "key_id", "revoked")


class Inspection(FromOutside):
    """The question. Event keys are looked for in every hour that is still marked: those of closed
    hours are not.
    """

    customer_id: Id
    meter: MeterId = "api_calls"
    keys: tuple[str, ...] = Field(default=(), max_length=100)
    api_key_sha256: str = ""


class Inspector:
    """Reads one tenant's counters. `clock` gives epoch milliseconds."""

    def __init__(self, client: Redis, tenant: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._tenant = tenant
        self._clock = clock

    def inspect(self, asked: Inspection) -> Mapping[str, Finding]:
        """The answer, as JSON names it."""
        fields = cast(
            "dict[str, str]", self._client.hgetall(state_key(self._tenant, asked.customer_id))
        )
        state = read_state(asked.meter, fields)
        allowance = state.allowance_at(self._clock())
        return {
            "customerId": asked.customer_id,
            "meter": asked.meter,
            "generation": cast(
                "str | None", self._client.get(tenant_key(self._tenant, "generation"))
            ),
            **_state_findings(state),
            # Null: no such customer is known. Active is what one without a status is.
            "status": state.status if fields else None,
            "similar": [] if fields else self._similar(asked.customer_id),
            "apiKey": self._api_key(asked.api_key_sha256),
            **_allowance_findings(allowance),
            # Up to here usage is what the ledger sums, and has no marks.
            "newestClosedHour": self._newest_closed(asked),
            "marked": self._marked(asked),
        }

    def tenant_findings(self) -> Mapping[str, Finding]:
        """What is not one customer's: whether the counters are open, and for how many."""
        return {
            "generation": cast(
                "str | None", self._client.get(tenant_key(self._tenant, "generation"))
            ),
            "customers": self._client.zcard(customer_index_key(self._tenant)),
            "signingKeys": self._signing_keys(),
        }

    def parts_done(self, rebuild: int) -> Mapping[str, Finding]:
        """How many parts of the rebuild of a version have been carried out."""
        return {"parts": self._client.scard(rebuild_key(self._tenant, rebuild))}

    def _similar(self, customer_id: str) -> list[str]:
        index = CustomerIndex(self._client, self._tenant)
        known = index.longest_unasked(_LOOKED_THROUGH, _FOR_EVER_MS)
        near = [one for one in known if abs(len(one) - len(customer_id)) <= _LENGTHS_APART]
        return get_close_matches(customer_id, near, cutoff=0.75)

    def _api_key(self, digest: str) -> dict[str, str] | None:
        if not digest:
            return None
        key = identity_key(self._tenant, digest)
        found = cast("list[str | None]", self._client.hmget(key, list(_IDENTITY_FIELDS)))
        named = zip(("customerId", "keyId", "revoked"), found, strict=True)
        return {name: value for name, value in named if value is not None} or None

    def _signing_keys(self) -> list[str]:
        text = cast("str | None", self._client.get(tenant_key(self._tenant, "jwks")))
        return [str(key.get("kid")) for key in from_json(text)["keys"]] if text else []

    def _newest_closed(self, asked: Inspection) -> str | None:
        key = closed_key(self._tenant, asked.customer_id, asked.meter)
        hours = cast("list[str]", self._client.hkeys(key))
        return iso_from_epoch_ms(max(map(int, hours)) * HOUR_MS) if hours else None

    def _marked(self, asked: Inspection) -> dict[str, bool]:
        marks = {mark_of(key): key for key in asked.keys}
        if not marks:
            return {}
        hours = cast(
            "list[str]",
            self._client.hkeys(hours_key(self._tenant, asked.customer_id, asked.meter)),
        )
        found: set[int] = set()
        # The youngest first: an operator asks for what has just happened.
        for hour in sorted(map(int, hours), reverse=True):
            of_hour = HourOfMeter(self._tenant, asked.customer_id, asked.meter, hour)
            found |= self._marked_in(of_hour, list(marks))
            if len(found) == len(marks):
                break
        return {key: mark in found for mark, key in marks.items()}

    def _marked_in(self, of_hour: HourOfMeter, marks: Sequence[int]) -> set[int]:
        pipeline = self._client.pipeline(transaction=False)
        pipeline.smismember(of_hour.first_set(), [str(mark) for mark in marks])
        pipeline.scard(of_hour.first_set())
        is_in_first, size = pipeline.execute()
        found = {mark for mark, is_in in zip(marks, is_in_first, strict=True) if is_in}
        if size < FIRST_SET_MARKS:
            return found
        # The key does not say its minute: one cell of each.
        cells = [(mark, cell_of(minute, mark)) for mark in marks for minute in range(60)]
        for mark, cell in cells:
            pipeline.sismember(of_hour.cell_set(cell), str(mark))
        is_in_cell = pipeline.execute()
        return found | {mark for (mark, _), is_in in zip(cells, is_in_cell, strict=True) if is_in}


def _state_findings(state: QuotaState) -> dict[str, Finding]:
    return {
        "ratePerSecond": state.rate_per_second,
        "burst": state.burst,
        "lagSeconds": state.lag_seconds,
        "guardLevel": state.guard_level,
        "allowWhenUnknown": state.allow_when_unknown,
        "mode": state.mode,
        "period": state.recurrence.period.value if state.recurrence else None,
        "anchorDay": state.recurrence.anchor_day if state.recurrence else None,
        "usageIdentifier": state.usage_identifier or None,
    }


def _allowance_findings(allowance: Allowance | None) -> dict[str, Finding]:
    if allowance is None:
        return {
            "limit": None,
            "used": None,
            "remaining": None,
            "periodStart": None,
            "periodEnd": None,
        }
    return {
        "limit": allowance.limit,
        "used": allowance.used,
        "remaining": allowance.remaining,
        "periodStart": iso_from_epoch_ms(allowance.start_ms),
        "periodEnd": iso_from_epoch_ms(allowance.end_ms),
    }
