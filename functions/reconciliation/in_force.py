"""What is in force of many customers and API keys: for an operator who has stated it, never for a
decision.

`{"customers": [...], "apiKeys": [...]}` comes in; the versions that stand, and of each meter of a
customer's what counts as used now and the limit that stands now, whoever said it last, leave. What
the counters do not know is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, cast

from pydantic import Field
from redis import Redis

from functions.reconciliation.commands import Id
from functions.reconciliation.counters.redis_scripts import plain_commands
from functions.usage.from_outside import FromOutside
from functions.usage.quota import identity_key, read_state, state_key

# The answer is some 200 bytes a customer, and Lambda's may have 6 MB. An invocation costs more than
# all that it looks up.
ASKED_AT_ONCE = 5000

# The version fields of a customer's state, by the kind of command that writes them.
_VERSIONS = {
    "status": "status_version",
    "usage_plan": "usage_plan_version",
    "mode": "mode_version",
    "policy": "allow_when_unknown_version",
}
_GRANT = ":grant_version"

type Versions = dict[str, int]


class InForceQuestion(FromOutside):
    """Whom and which keys to look up; of keys, the SHA-256."""

    customers: tuple[Id, ...] = Field(default=(), max_length=ASKED_AT_ONCE)
    api_keys: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = Field(
        default=(), max_length=ASKED_AT_ONCE
    )


class StatedInForce:
    """Reads one tenant's counters. `clock` gives epoch milliseconds."""

    def __init__(self, client: Redis, tenant: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._tenant = tenant
        self._clock = clock

    def find(self, asked: InForceQuestion) -> Mapping[str, object]:
        """The answer, as JSON names it. Retryable when the counters do not answer."""
        pipeline = self._client.pipeline(transaction=False)
        for customer in asked.customers:
            pipeline.hgetall(state_key(self._tenant, customer))
        for digest in asked.api_keys:
            pipeline.hget(identity_key(self._tenant, digest), "version")
        with plain_commands():
            found = pipeline.execute()
        states = cast("list[dict[str, str]]", found[: len(asked.customers)])
        versions = cast("list[str | None]", found[len(asked.customers) :])
        return {
            "byCustomer": {
                customer: self._finding(fields)
                for customer, fields in zip(asked.customers, states, strict=True)
                if fields
            },
            "byApiKey": {
                digest: int(version)
                for digest, version in zip(asked.api_keys, versions, strict=True)
                if version
            },
        }

    def _finding(self, fields: Mapping[str, str]) -> dict[str, Versions]:
        versions = {kind: int(fields[name]) for kind, name in _VERSIONS.items() if name in fields}
        meters = list(_meters(fields))
        versions |= {f"grant {meter}": int(fields[f"{meter}{_GRANT}"]) for meter in meters}
        now_ms = self._clock()
        allowances = {meter: read_state(meter, fields).allowance_at(now_ms) for meter in meters}
        return {
            "versions": versions,
            "used": {meter: one.used if one else 0 for meter, one in allowances.items()},
            "limits": {meter: one.limit for meter, one in allowances.items() if one},
        }


def _meters(fields: Mapping[str, str]) -> Iterator[str]:
    return (name.removesuffix(_GRANT) for name in fields if name.endswith(_GRANT))
