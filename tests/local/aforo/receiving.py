"""The ingest service itself: who may post, what is accepted, what the answer counts.

In: a caller and the events of one post; out: a receipt, or `RefusedError` with nothing committed.
Runs without a pause, so that two posts never interleave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.local.aforo.contract import is_late, judge, skips_session_routing
from tests.local.aforo.credentials import Caller
from tests.local.aforo.envelope import Parcel
from tests.local.aforo.faults import AnyFault, PerEventErrors, Poison
from tests.local.aforo.problem import RefusedError
from tests.local.aforo.rate import Allowance
from tests.local.aforo.rules import Finding, Rules
from tests.local.aforo.settings import Settings
from tests.local.aforo.state import State

# Form is judged before business, and both before what is already in the book.
STATUS_ORDER = (400, 422, 409)


@dataclass(frozen=True, slots=True)
class Receipt:
    accepted: int
    duplicates: int
    errors: tuple[tuple[int, str], ...]  # (index in the post, what was wrong)

    def as_json(self, settings: Settings) -> dict[str, Any]:
        counts = {
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "failed": len(self.errors),
            "errors": [{"index": i, settings.error_text_field: text} for i, text in self.errors],
            "killedSessionIds": [],
        }
        wrapped = {"success": True, "data": counts, "meta": {}}
        return wrapped if settings.wrapped_answers else counts


def admit(state: State, caller: Caller, keyed: Parcel) -> Allowance:
    """Raises RefusedError for a body that cannot be read, too many events, or too many a minute."""
    settings, size = state.settings, len(keyed.events)
    if keyed.refusal:
        raise keyed.refusal
    if size > settings.max_events:
        detail = f"events: at most {settings.max_events} in a post, got {size}"
        raise RefusedError(400, "BATCH_TOO_LARGE", detail)
    scope = caller.key if settings.rate_scope == "key" else caller.tenant
    amount = size if settings.rate_counts == "events" else 1
    limit = settings.rate_limit_per_minute
    allowance = state.rate.take(scope, amount, limit=limit or 2**62, now=state.clock.now())
    if not allowance.is_allowed:
        raise _too_many(allowance, settings)
    return allowance


def receive(state: State, caller: Caller, events: Sequence[Any], fault: AnyFault | None) -> Receipt:
    rules = _rules(state)
    findings = _findings(state, caller, events, rules)
    if isinstance(fault, Poison):
        poisoned = Finding("events", fault.error, "INVALID_EVENT", fault.status)
        findings |= dict.fromkeys(fault.chosen(events), poisoned)
    if findings:
        state.book.reject(events[index] for index in findings)
        if state.settings.validation == "batch":
            raise _refuse(findings, state.settings)
    errors = {index: _text(finding) for index, finding in findings.items()}
    if isinstance(fault, PerEventErrors):
        errors |= dict.fromkeys(fault.chosen(events), fault.error)
    good = [event for index, event in enumerate(events) if index not in errors]
    accepted = sum(_enter(state, caller, event, rules) for event in good)
    _keep(state, caller, good, rules)
    return Receipt(accepted, len(good) - accepted, tuple(sorted(errors.items())))


def _rules(state: State) -> Rules:
    accounts = state.accounts
    return Rules(state.settings, accounts.metrics, accounts.customers, state.clock.now())


def _findings(
    state: State, caller: Caller, events: Sequence[Any], rules: Rules
) -> dict[int, Finding]:
    findings = {i: found for i, event in enumerate(events) if (found := judge(event, rules))}
    if state.settings.conflict != "reject":
        return findings
    window = state.settings.dedup_window_seconds
    for index, event in enumerate(events):
        if index in findings:
            continue
        entry = state.book.known(caller.tenant, event, now=rules.now, window=window)
        if entry and entry.event != event:
            message = "idempotencyKey was used for an event with other content"
            findings[index] = Finding("idempotencyKey", message, "IDEMPOTENCY_CONFLICT", 409)
    return findings


def _enter(state: State, caller: Caller, event: dict[str, Any], rules: Rules) -> bool:
    book, settings = state.book, state.settings
    book.late += is_late(event, rules)
    book.unrouted_sessions += skips_session_routing(event)
    return book.enter(
        caller.tenant,
        event,
        now=rules.now,
        window=settings.dedup_window_seconds,
        conflict=settings.conflict,
    )


def _keep(state: State, caller: Caller, events: Sequence[dict[str, Any]], rules: Rules) -> None:
    if state.journal:
        state.journal.keep(
            caller.tenant,
            events,
            now=rules.now,
            window=state.settings.dedup_window_seconds,
            conflict=state.settings.conflict,
        )


def _refuse(findings: Mapping[int, Finding], settings: Settings) -> RefusedError:
    status = min((found.status for found in findings.values()), key=STATUS_ORDER.index)
    told = {index: found for index, found in findings.items() if found.status == status}
    first = next(iter(told.values()))
    errors = [
        {"field": found.field, "code": found.code, "message": found.message}
        | ({"index": index} if settings.indexed_errors else {})
        for index, found in told.items()
    ]
    texts = tuple(f"events[{index}].{found.message}" for index, found in findings.items())
    return RefusedError(status, first.code, first.message, extra={"errors": errors}, findings=texts)


def _text(finding: Finding) -> str:
    named = finding.message.startswith(finding.code)
    return finding.message if named else f"{finding.code}: {finding.message}"


def _too_many(allowance: Allowance, settings: Settings) -> RefusedError:
    detail = f"{allowance.limit} {settings.rate_counts} per minute exceeded"
    wait = allowance.retry_after
    headers = {"Retry-After": str(wait), **allowance.headers()}
    return RefusedError(429, "RATE_LIMITED", detail, headers=headers, extra={"retryAfter": wait})
