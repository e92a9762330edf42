"""Commands -> the statements that carry them out. The windows of a grant are those of now (UTC).

Guaranteed: of many commands each is carried out or refused by itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from functions.reconciliation.closing import Closer
from functions.reconciliation.commands import (
    CloseCommand,
    Command,
    CredentialCommand,
    GrantCommand,
    GrantWindow,
    GuardCommand,
    JwksCommand,
    LimitCommand,
    ModeCommand,
    OpenCommand,
    RebuildCommand,
    RevocationCommand,
    StandingCommand,
    StatusCommand,
    UsagePlanCommand,
)
from functions.reconciliation.counters.redis_scripts import Call
from functions.reconciliation.counters.statement_calls import GrantInForce, revoke
from functions.reconciliation.counters.statements import Statements
from functions.usage.errors import Permanent, Retryable, UsageError
from functions.usage.period import Recurrence, Window
from functions.usage.quota import revocation_keys


class CommandExecutor:
    """The commands of one tenant. `clock` gives epoch milliseconds."""

    def __init__(
        self, statements: Statements, tenant: str, clock: Callable[[], int], closer: Closer
    ) -> None:
        self._statements = statements
        self._closer = closer
        self._tenant = tenant
        self._clock = clock

    def carry_out(self, command: Command) -> bool:
        """True when it is now in force, False when it or a later one already was.

        Retryable when the counters cannot tell; Permanent when it is not for this tenant.
        """
        match command:
            case LimitCommand(customer_id=who, meter=meter, version=version, limit=limit):
                return self._statements.limit(who, meter, version, limit)
            case CloseCommand():
                return self._closer.close(command)
            case RebuildCommand():
                return self._rebuild(command)
        (answer,) = self.carry_out_all([command])
        if isinstance(answer, UsageError):
            raise answer
        return answer

    def carry_out_all(
        self, commands: Sequence[StandingCommand | OpenCommand]
    ) -> list[bool | Retryable | Permanent]:
        """Of each command what `carry_out` says of it: none stands in another's way. They share
        their round trips.
        """
        answers: dict[int, bool | Retryable | Permanent] = {}
        calls: dict[int, Call] = {}
        for place, command in enumerate(commands):
            try:
                call = self._call(command)
            except Permanent as error:
                answers[place] = error
                continue
            if call is None:
                answers[place] = False
            else:
                calls[place] = call
        answers |= self._made(calls, [commands[place] for place in calls])
        return [answers[place] for place in range(len(commands))]

    def _made(
        self, calls: Mapping[int, Call], commands: Iterable[StandingCommand | OpenCommand]
    ) -> dict[int, bool | Retryable | Permanent]:
        told = [one for one in commands if isinstance(one, GrantCommand | StatusCommand)]
        try:
            made = self._statements.make([*calls.values()], {one.customer_id for one in told})
        except Retryable as error:
            return dict.fromkeys(calls, error)
        return dict(zip(calls, made, strict=True))

    def _call(self, command: StandingCommand | OpenCommand) -> Call | None:
        """None: there is nothing to do any more."""
        to = self._statements.calls
        match command:
            case OpenCommand(version=version):
                return to.text("generation", version, str(version))
            case JwksCommand(version=version):
                return to.text("jwks", version, command.model_dump_json(include={"keys"}))
            case GrantCommand():
                now_ms = self._clock()
                return to.grant(grant_at(command, now_ms), now_ms)
            case CredentialCommand(api_key_sha256=digest, version=version):
                return to.identity(digest, version, self._identity_fields(command))
            case RevocationCommand(until_ms=until_ms):
                left_ms = until_ms - self._clock()
                return revoke(revocation_key(command), left_ms) if left_ms > 0 else None
        name, fields = _customer_fields(command)
        return to.customer(command.customer_id, name, command.version, fields)

    def _rebuild(self, command: RebuildCommand) -> bool:
        for each in command.commands:
            # What is refused now was refused when it was first sent: it was never in force.
            with suppress(Permanent):
                self.carry_out(each)
        # Only now: the rebuild opens the counters when every part has said so.
        return self._statements.note_part(command.version, command.part)

    def _identity_fields(self, command: CredentialCommand) -> dict[str, str | int]:
        if command.tenant_id not in (None, self._tenant):
            raise Permanent(f"tenantId: these are the counters of {self._tenant}")
        return {
            "customer_id": command.customer_id,
            "tenant_id": self._tenant,
            "key_id": command.key_id,
            "environment": command.environment,
            "scopes": " ".join(command.scopes),
            "usage_identifier": command.usage_identifier or "",
            "revoked": int(command.revoked),
        }


def _customer_fields(
    command: StatusCommand | GuardCommand | UsagePlanCommand | ModeCommand,
) -> tuple[str, dict[str, str | int]]:
    """The name of their version, and the fields."""
    match command:
        case StatusCommand():
            return "status", {"status": command.status}
        case GuardCommand():
            return "guard", _guard_fields(command)
        case UsagePlanCommand():
            return "usage_plan", {"usage_identifier": command.usage_identifier or ""}
        case ModeCommand():
            return "mode", {"mode": command.mode or ""}


def grant_at(command: GrantCommand, now_ms: int) -> GrantInForce:
    """The grant with the windows that it has at a moment."""
    recurrence = None
    window, upcoming_limit, upcoming = _explicit(command.window, command.upcoming)
    if command.period is not None:
        recurrence = Recurrence(command.period, command.anchor_day)
        window = recurrence.window_at(now_ms)
        upcoming_limit, upcoming = command.limit, recurrence.window_at(window.end_ms)
    return GrantInForce(
        customer_id=command.customer_id,
        meter=command.meter,
        version=command.version,
        limit=command.limit,
        window=window,
        upcoming_limit=upcoming_limit,
        upcoming=upcoming,
        recurrence=recurrence,
        rate_per_second=command.rate_per_second,
        burst=command.burst,
        lag_seconds=command.lag_seconds,
        allow_when_unknown=command.allow_when_unknown,
    )


def _explicit(
    window: GrantWindow | None, upcoming: GrantWindow | None
) -> tuple[Window, int | None, Window | None]:
    here = Window(window.start_ms, window.end_ms) if window else Window(0, 0)
    if upcoming is None:
        return here, None, None
    return here, upcoming.limit, Window(upcoming.start_ms, upcoming.end_ms)


def _guard_fields(command: GuardCommand) -> dict[str, str | int]:
    return {
        "guard_level": command.level,
        "guard_allow_percent": command.allow_percent,
        "guard_retry_seconds": command.retry_seconds,
    }


def revocation_key(command: RevocationCommand) -> str:
    """The key whose existence means revoked."""
    token, client = revocation_keys(command.jti or "", command.key_id or "")
    return token if command.jti is not None else client
