"""A statement -> the one call of a script that makes it: pure, so that many travel together."""

from collections.abc import Mapping
from typing import NamedTuple

from functions.reconciliation.counters.redis_scripts import Call, Script
from functions.usage.mark import hours_key
from functions.usage.period import Recurrence, Window
from functions.usage.quota import identity_key, state_key, tenant_key


class GrantInForce(NamedTuple):
    """A grant at the moment of writing: its windows are computed for now."""

    customer_id: str
    meter: str
    version: int
    limit: int
    window: Window
    upcoming_limit: int | None
    upcoming: Window | None
    recurrence: Recurrence | None
    rate_per_second: float
    burst: int
    lag_seconds: float
    allow_when_unknown: bool | None  # None: says nothing of it


class StatementCalls(NamedTuple):
    """The calls of one tenant's statements. Each answers 1: it is now in force; or 0: it, or a
    later one, already was.
    """

    tenant: str

    def grant(self, grant: GrantInForce, now_ms: int) -> Call:
        """Put a grant in force."""
        state = state_key(self.tenant, grant.customer_id)
        hours = hours_key(self.tenant, grant.customer_id, grant.meter)
        return Call(Script.GRANT, [state, hours], _grant_arguments(grant, now_ms))

    def customer(
        self, customer_id: str, name: str, version: int, fields: Mapping[str, str | int]
    ) -> Call:
        """Fields of a customer's state under the version called `name`."""
        key = state_key(self.tenant, customer_id)
        return _put_fields(key, f"{name}_version", version, fields)

    def identity(self, api_key_sha256: str, version: int, fields: Mapping[str, str | int]) -> Call:
        """Whose an API key is."""
        return _put_fields(identity_key(self.tenant, api_key_sha256), "version", version, fields)

    def text(self, name: str, version: int, text: str) -> Call:
        """A text of the tenant's, such as its JWKS."""
        keys = [tenant_key(self.tenant, name), tenant_key(self.tenant, f"{name}:version")]
        return Call(Script.PUT_TEXT, keys, [version, text])


def revoke(key: str, left_ms: int) -> Call:
    """Make `key` exist for so long: a revocation, which is no tenant's."""
    return Call(Script.REVOKE, [key], [left_ms])


def _put_fields(
    key: str, version_field: str, version: int, fields: Mapping[str, str | int]
) -> Call:
    pairs = [part for pair in fields.items() for part in pair]
    return Call(Script.PUT_FIELDS, [key], [version_field, version, *pairs])


def _grant_arguments(grant: GrantInForce, now_ms: int) -> list[str | int | float]:
    policy = {True: "allow", False: "deny", None: ""}[grant.allow_when_unknown]
    limit = "" if grant.upcoming_limit is None else grant.upcoming_limit
    recurrence = ("", "") if grant.recurrence is None else grant.recurrence
    return [
        *(grant.meter, grant.version, now_ms, grant.limit, *grant.window),
        *(limit, *(grant.upcoming or ("", ""))),
        *(grant.rate_per_second, grant.burst, grant.lag_seconds, *recurrence, policy),
    ]
