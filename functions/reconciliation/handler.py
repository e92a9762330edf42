"""Reconciliation: settled usage and commands come in from SettledUsageQueue; the counters that the
authorizer reads are what leaves. Asked directly, it says what they hold, and takes the steps of the
reconcile state machine that need them.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

from functions.adapters.redis_credential import elasticache_credential
from functions.adapters.redis_secret import RedisSecret
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import Telemetry
from functions.reconciliation.applying import Applying
from functions.reconciliation.closing import Closer
from functions.reconciliation.command_executor import CommandExecutor
from functions.reconciliation.counters.closed_hours import ClosedHours
from functions.reconciliation.counters.customer_index import CustomerIndex
from functions.reconciliation.counters.redis_scripts import connect
from functions.reconciliation.counters.rollback import RollbackGuard
from functions.reconciliation.counters.statements import Statements, Watermark
from functions.reconciliation.counters.usage_counters import Counters
from functions.reconciliation.due import Due
from functions.reconciliation.heartbeats import HeartbeatReader
from functions.reconciliation.in_force import InForceQuestion, StatedInForce
from functions.reconciliation.inspection import Inspection, Inspector
from functions.reconciliation.reconciling import Reconciliation
from functions.reconciliation.settings import ReconciliationSettings
from functions.reconciliation.steps import Steps

if TYPE_CHECKING:
    from redis.credentials import CredentialProvider


class Payload(TypedDict, total=False):
    """An SQS batch (`Records`), a question asked with lambda:InvokeFunction (`inspect`; `tenant`:
    what is not one customer's; `rebuild`: how far the rebuild of a version is; `inForce`: what of
    many customers is in force), or a step of the reconcile state machine (`due`, `apply`).
    """

    Records: Sequence[Mapping[str, str]]
    inspect: Mapping[str, object]
    due: Mapping[str, object]
    apply: Mapping[str, object]
    rebuild: int
    inForce: Mapping[str, object]
    tenant: Mapping[str, object]


def handler(payload: Payload, _context: object) -> Mapping[str, object]:
    """AWS Lambda's entry point."""
    wired = _wired()
    try:
        return _answer(payload, wired)
    finally:
        wired.telemetry.flush()


class Wired(NamedTuple):
    """What lives as long as the process."""

    reconciliation: Reconciliation
    inspector: Inspector
    in_force: StatedInForce
    steps: Steps
    telemetry: Telemetry


def _answer(payload: Payload, wired: Wired) -> Mapping[str, object]:
    match payload:
        case {"Records": records}:
            failed = wired.reconciliation.take(records)
            # Explicit even when empty: SQS takes a null or a forgotten answer for "all done".
            return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
        case {"inspect": question}:
            return wired.inspector.inspect(Inspection.model_validate(question))
        case {"tenant": _}:
            return wired.inspector.tenant_findings()
        case {"rebuild": version}:
            return wired.inspector.parts_done(int(version))
        case {"inForce": question}:
            return wired.in_force.find(InForceQuestion.model_validate(question))
        case step:
            return wired.steps.take(cast("Mapping[str, object]", step))


@cache
def _wired() -> Wired:
    settings = read_settings(ReconciliationSettings)
    client = connect(settings.redis_url, _credential(settings))
    tenant, horizon = settings.aforo_tenant_id, timedelta(days=settings.mark_horizon_days)
    telemetry = Telemetry("reconciliation")
    watermark = Watermark(client, tenant)
    closer = Closer(ClosedHours(client, tenant, _now_ms), telemetry)
    rollback = RollbackGuard(client, tenant, _now_ms, telemetry)
    commands = CommandExecutor(Statements(client, tenant, _now_ms), tenant, _now_ms, closer)
    reconciliation = Reconciliation(
        counters=Counters(client, tenant, horizon, _now_ms),
        commands=commands,
        hearing=HeartbeatReader(watermark, telemetry, _now_ms),
        rollback=rollback,
        telemetry=telemetry,
        horizon=horizon,
        clock=_now_ms,
    )
    steps = Steps(
        Due(client, tenant, CustomerIndex(client, tenant), watermark, telemetry, _now_ms),
        Applying(client, tenant, commands, telemetry),
        rollback,
        telemetry,
    )
    inspector, in_force = Inspector(client, tenant, _now_ms), StatedInForce(client, tenant, _now_ms)
    return Wired(reconciliation, inspector, in_force, steps, telemetry)


def _credential(settings: ReconciliationSettings) -> "CredentialProvider | None":
    # They have the provider's shape, and no import of redis: the authorizer shares them.
    if settings.redis_secret_arn:
        return cast("CredentialProvider", RedisSecret(settings.redis_secret_arn))
    signing = elasticache_credential(
        user=settings.redis_user,
        cache_name=settings.redis_cache_name,
        url=settings.redis_url,
        region=settings.aws_region,
    )
    return cast("CredentialProvider | None", signing)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
