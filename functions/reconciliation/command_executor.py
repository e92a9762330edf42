"""A command -> the statement that carries it out. The windows of a grant are those of now (UTC)."""

from collections.abc import Callable
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
    StatusCommand,
    UsagePlanCommand,
)
from functions.reconciliation.counters.statements import GrantInForce, Statements
from functions.usage.errors import Permanent
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
        to = self._statements
        match command:
            case OpenCommand(version=version):
                is_new = to.put_text("generation", version, str(version))
            case JwksCommand(version=version):
                is_new = to.put_text("jwks", version, command.model_dump_json(include={"keys"}))
            case GrantCommand():
                is_new = to.grant(grant_at(command, self._clock()))
            case (
                LimitCommand()
                | StatusCommand()
                | GuardCommand()
                | UsagePlanCommand()
                | ModeCommand()
            ):
                is_new = self._state_of_customer(command)
            case CredentialCommand(api_key_sha256=digest, version=version):
                is_new = to.put_identity(digest, version, self._identity_fields(command))
            case RevocationCommand():
                is_new = to.revoke(revocation_key(command), command.until_ms)
            case CloseCommand():
                is_new = self._closer.close(command)
            case RebuildCommand():
                is_new = self._rebuild(command)
        return is_new

    def _state_of_customer(
        self, command: LimitCommand | StatusCommand | GuardCommand | UsagePlanCommand | ModeCommand
    ) -> bool:
        to, customer_id, version = self._statements, command.customer_id, command.version
        match command:
            case LimitCommand():
                return to.limit(customer_id, command.meter, version, command.limit)
            case StatusCommand():
                to.ask_about_next(customer_id)
                return to.put_customer(customer_id, "status", version, {"status": command.status})
            case GuardCommand():
                return to.put_customer(customer_id, "guard", version, _guard_fields(command))
            case UsagePlanCommand():
                plan = {"usage_identifier": command.usage_identifier or ""}
                return to.put_customer(customer_id, "usage_plan", version, plan)
            case ModeCommand():
                return to.put_customer(customer_id, "mode", version, {"mode": command.mode or ""})

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
