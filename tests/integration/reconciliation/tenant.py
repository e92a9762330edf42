"""One tenant's counters, driven as the handler drives them: bodies go in, states are read back."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import cast

from redis import Redis

from functions.adapters.telemetry import Telemetry
from functions.reconciliation.closing import Closer
from functions.reconciliation.command_executor import CommandExecutor
from functions.reconciliation.counters.closed_hours import ClosedHours
from functions.reconciliation.counters.rollback import RollbackGuard
from functions.reconciliation.counters.statements import Statements, Watermark
from functions.reconciliation.counters.usage_counters import Counters
from functions.reconciliation.heartbeats import HeartbeatReader
from functions.reconciliation.inspection import Finding, Inspection, Inspector
from functions.reconciliation.reconciling import Reconciliation
from functions.usage.metric import Metric
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso, iso_from_epoch_ms
from functions.usage.quota import Allowance, QuotaState, read_state, state_key, tenant_key

TENANT = "tenant_1"
CUSTOMER = "cust_1"
METER = "api_calls"
HORIZON = timedelta(days=35)
START_MS = epoch_ms_from_iso("2026-11-23T12:34:56Z")


class Tenant:
    """`now_ms` is the clock of everything but the server's expiry."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self.now_ms = START_MS
        self.telemetry = Telemetry("reconciliation")
        self.version = 0
        self._inspector = Inspector(client, TENANT, self._clock)
        statements = Statements(client, TENANT, self._clock)
        closer = Closer(ClosedHours(client, TENANT, self._clock), self.telemetry)
        self.commands = CommandExecutor(statements, TENANT, self._clock, closer)
        self.rollback = RollbackGuard(client, TENANT, self._clock, self.telemetry)
        self._reconciliation = Reconciliation(
            counters=Counters(client, TENANT, HORIZON, self._clock),
            commands=self.commands,
            hearing=HeartbeatReader(Watermark(client, TENANT), self.telemetry, self._clock),
            rollback=self.rollback,
            telemetry=self.telemetry,
            horizon=HORIZON,
            clock=self._clock,
        )

    def _clock(self) -> int:
        return self.now_ms

    def take(self, *bodies: object) -> list[str]:
        """Deliver bodies as one batch; the ids (their places) of those that come back."""
        return self.take_bodies([json.dumps(body) for body in bodies])

    def take_bodies(self, bodies: Iterable[str]) -> list[str]:
        """The same, of bodies as SQS has them."""
        return self._reconciliation.take(
            [{"messageId": str(i), "body": body} for i, body in enumerate(bodies)]
        )

    def settle(self, *events: Mapping[str, object]) -> list[str]:
        """Deliver one message of settled usage."""
        return self.take(settled(events))

    def grant(self, limit: int = 1000, **fields: object) -> list[str]:
        """Deliver a grant: by the month, unless told otherwise; newer than any before."""
        return self.take(self.grant_body(limit, **fields))

    def grant_body(self, limit: int = 1000, **fields: object) -> dict[str, object]:
        self.version += 1
        body = {
            "kind": "grant",
            "customerId": CUSTOMER,
            "meter": METER,
            "limit": limit,
            "period": "month",
            "ratePerSecond": 10.0,
            "burst": 20,
            "version": self.version,
            **fields,
        }
        return {name: value for name, value in body.items() if value is not None}

    def state(self, customer: str = CUSTOMER) -> QuotaState:
        """What the authorizer would read."""
        return read_state(METER, self.fields(customer))

    def fields(self, customer: str = CUSTOMER) -> dict[str, str]:
        """The hash itself."""
        return cast("dict[str, str]", self.client.hgetall(state_key(TENANT, customer)))

    def allowance(self) -> Allowance:
        """The allowance in force now."""
        allowance = self.state().allowance_at(self.now_ms)
        assert allowance is not None
        return allowance

    def used(self) -> int:
        """What the authorizer would find used now."""
        return self.allowance().used

    def inspect(
        self, *keys: str, customer: str = CUSTOMER, digest: str = ""
    ) -> Mapping[str, Finding]:
        """What an operator is told."""
        asked = Inspection.model_validate(
            {"customerId": customer, "meter": METER, "keys": list(keys), "apiKeySha256": digest}
        )
        return self._inspector.inspect(asked)

    def findings(self) -> Mapping[str, Finding]:
        """What an operator is told of the tenant."""
        return self._inspector.tenant_findings()

    def keys(self) -> set[str]:
        """What the counters hold, but for the sequence that every batch moves."""
        own = {tenant_key(TENANT, name) for name in ("sequence", "sequence-steps")}
        return set(map(str, self.client.keys("*"))) - own

    def counted(self, metric: Metric, reason: str = "") -> int:
        """How often a metric was counted since the start."""
        return self.telemetry._counts[metric, reason]

    def level(self, metric: Metric) -> float:
        """The latest value of something measured."""
        return self.telemetry._levels[metric]


def event(
    key: str, at_ms: int = START_MS, quantity: float = 1, customer: str = CUSTOMER
) -> dict[str, object]:
    """One settled event."""
    return {
        "key": key,
        "customerId": customer,
        "meter": METER,
        "quantity": quantity,
        "occurredAt": iso_from_epoch_ms(at_ms),
    }


def settled(events: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """A body of settled usage."""
    return {"version": 1, "settled": list(events)}


def hours_before(hours: float, of_ms: int = START_MS) -> int:
    """So many hours earlier, epoch milliseconds."""
    return of_ms - int(hours * HOUR_MS)
