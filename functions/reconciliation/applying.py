"""The last step of a reconcile inside the VPC: Aforo's answers -> commands, carried out at once.

Guaranteed: limits, margin guards and keys change, each under the moment at which Aforo was asked;
`used` never does. Repeated, it changes nothing twice.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, cast

from redis import Redis

from functions.adapters.telemetry import ANSWERS_APPLIED, CUSTOMER_DRIFTS, Telemetry
from functions.reconciliation.answers import Answers, CustomerAnswer
from functions.reconciliation.command_executor import CommandExecutor
from functions.reconciliation.commands import Command, GuardCommand, JwksCommand, LimitCommand
from functions.reconciliation.counters.redis_scripts import plain_commands
from functions.reconciliation.drift import drift_of
from functions.usage.metric import Metric
from functions.usage.quota import read_state, state_fields, state_key


class Applying(NamedTuple):
    """The step, wired to one tenant's counters."""

    client: Redis
    tenant: str
    commands: CommandExecutor
    telemetry: Telemetry

    def apply(self, answers: Answers) -> dict[str, int]:
        """How many of each kind are now in force and were not before. Retryable when the counters
        do not answer; what was applied until then stays so.
        """
        changed: Counter[str] = Counter()
        for command in commands_of(answers):
            changed[command.kind] += self.commands.carry_out(command)
        self._measure_drift(answers)
        self.telemetry.report(ANSWERS_APPLIED, changed=dict(changed))
        return dict(changed)

    def _measure_drift(self, answers: Answers) -> None:
        gaps = [abs(gap) for one in answers.customers if (gap := self._gap(one, answers.meter))]
        if answers.customers:
            self.telemetry.level(Metric.DRIFT, max(gaps, default=0))

    def _gap(self, answer: CustomerAnswer, meter: str) -> float:
        if answer.quota is None:
            return 0
        names = state_fields(meter)
        key = state_key(self.tenant, answer.customer_id)
        with plain_commands():
            row = cast("list[str | None]", self.client.hmget(key, list(names)))
        fields = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        # Of the month in which Aforo was asked: the next may have begun since.
        asked_ms = answer.asked_at_ms
        drift = drift_of(read_state(meter, fields), answer.quota.current_usage, asked_ms)
        if drift is None:
            return 0
        if drift.reason:
            self.telemetry.count(Metric.CUSTOMER_DRIFTS, reason=drift.reason)
            self.telemetry.log.warning(
                CUSTOMER_DRIFTS, customer_id=answer.customer_id, **drift._asdict()
            )
        return drift.gap


def commands_of(answers: Answers) -> Iterator[Command]:
    """The statements that Aforo's answers make."""
    if answers.keys is not None:
        yield JwksCommand(keys=answers.keys.keys, version=answers.keys.asked_at_ms)
    for one in answers.customers:
        who, version = one.customer_id, one.asked_at_ms
        if one.quota is not None and one.quota.limit is not None:
            limit = one.quota.limit
            yield LimitCommand(customer_id=who, meter=answers.meter, limit=limit, version=version)
        if one.guard is not None:
            guard = one.guard
            yield GuardCommand(
                customer_id=who,
                level=guard.level,
                allow_percent=guard.allow_percent,
                retry_seconds=guard.retry_seconds,
                version=version,
            )
