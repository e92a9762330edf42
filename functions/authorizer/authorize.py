"""One request: who calls, what do we know of them, may they pass.

The event of API Gateway comes in, a policy leaves. The only exception that leaves is
`Unauthorized`, which API Gateway answers with 401; any other would be a 500 for everybody.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.authorizer.api_key import ApiKeys
from functions.authorizer.counter_read import CounterRead, Unknown
from functions.authorizer.credential import CredentialHeader, Token, credential_in
from functions.authorizer.decision import (
    UNKNOWN_RETRY_SECONDS,
    Allow,
    DecisionRules,
    Deny,
    DenyCode,
    allow_at,
    decide,
    decide_unknown,
)
from functions.authorizer.headers import TENANT, TRACEPARENT, Event, Headers, request_ids
from functions.authorizer.identity import Identity, RefusedCredential, Unverifiable, Verdict
from functions.authorizer.last_known import LastKnown
from functions.authorizer.light_telemetry import DENIED, UNAUTHORIZED, AuthorizerTelemetry
from functions.authorizer.policy import Policy, allow_policy, deny_policy, stage_resource
from functions.authorizer.shadow import pass_in_shadow
from functions.authorizer.stage_mode import StageMode
from functions.authorizer.stopped_request import StoppedRequest
from functions.authorizer.token import TokenVerifier
from functions.usage.metric import Metric
from functions.usage.quota import AuthorizerMode, GuardLevel, QuotaState
from functions.usage.trace_context import valid_traceparent

_REVOKED = RefusedCredential("revoked")


class Unauthorized(Exception):  # noqa: N818 - API Gateway knows it by this message
    """A bad credential. The message is API Gateway's contract, letter for letter."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """Everything that a decision needs, kept between invocations."""

    tokens: TokenVerifier
    api_keys: ApiKeys
    counters: CounterRead
    rules: DecisionRules
    telemetry: AuthorizerTelemetry
    header_names_customer: bool  # X-Tenant-Id carries the customer's id (quota.md, X-Tenant-Id)
    clock: Callable[[], float]  # epoch seconds
    credential_header: CredentialHeader = CredentialHeader.AUTHORIZATION
    mode: AuthorizerMode = AuthorizerMode.ENFORCE  # where neither customer nor stage has its own
    # Of the system, not of the process: those that Lambda starts from one snapshot have one state.
    draw: Callable[[], float] = field(default=lambda: random.SystemRandom().random() * 100)
    last_known: LastKnown = field(default_factory=LastKnown)
    stage_mode: StageMode = field(default_factory=StageMode)

    def authorize(self, event: Event) -> Policy:
        """The policy for a request. Unauthorized for a bad credential, unless in shadow."""
        try:
            return self._authorize(event)
        finally:
            self.telemetry.flush_if_due()

    def _authorize(self, event: Event) -> Policy:
        # One deadline for all that is read for this request: an unknown API key and a stale key
        # set cost further round trips, and still the caller waits no longer.
        deadline = self.counters.begin()
        stage_mode = self.stage_mode.of(event, self.telemetry)
        resource = stage_resource(event.get("methodArn"))
        if resource is None:
            refusal = StoppedRequest(Deny(DenyCode.AUTHORIZER_ERROR, UNKNOWN_RETRY_SECONDS))
            return self._refuse(event, None, refusal, stage_mode)
        headers = Headers(event)
        identity = self._identify(headers, deadline)
        if not isinstance(identity, Identity):
            return self._refuse(event, resource, self._not_identified(identity), stage_mode)
        decision = self._decide(identity, deadline)
        if isinstance(decision, StoppedRequest):
            return self._refuse(event, resource, decision, stage_mode)
        self.telemetry.count_calmly(Metric.REQUESTS_ALLOWED)
        traceparent = valid_traceparent(headers.only(TRACEPARENT))
        return allow_policy(resource, identity, decision, traceparent)

    def _not_identified(self, verdict: RefusedCredential | Unverifiable) -> StoppedRequest:
        if isinstance(verdict, RefusedCredential):
            return StoppedRequest(verdict)
        self._count_unknown(verdict.reason)
        return StoppedRequest(
            Deny(DenyCode.IDENTITY_UNKNOWN, UNKNOWN_RETRY_SECONDS), verdict.reason
        )

    def _identify(self, headers: Headers, deadline: float) -> Verdict:
        credential = credential_in(headers, self.credential_header)
        if isinstance(credential, RefusedCredential):
            return credential
        if isinstance(credential, Token):
            verdict = self.tokens.verify(credential, deadline)
        else:
            verdict = self.api_keys.verify(credential, deadline)
        if isinstance(verdict, Identity):
            return self._header_fault(headers, verdict) or verdict
        return verdict

    def _header_fault(self, headers: Headers, identity: Identity) -> RefusedCredential | None:
        """X-Tenant-Id may not name anybody else; where it names the customer, it must be there.

        An execution log shows of the verified principal its length and last six characters only:
        the header tells who it was, and so a request without it could be another's (quota.md,
        X-Tenant-Id).
        """
        named = headers.values(TENANT)
        if self.header_names_customer:
            if not named:
                return RefusedCredential("no_tenant_header")
            return None if named == {identity.customer_id} else RefusedCredential("tenant_header")
        return None if named <= {identity.tenant_id} else RefusedCredential("tenant_header")

    def _decide(self, identity: Identity, deadline: float) -> Allow | StoppedRequest:
        found = self.counters.state(identity, deadline)
        now = self.clock()
        if isinstance(found, Unknown):
            return self._decide_unknown(identity, found, now)
        self.telemetry.share(Metric.UNKNOWN_SHARE, is_part=False)
        if found.revoked_by:
            self.last_known.remember_revoked(found.revoked_by, now)
            return StoppedRequest(_REVOKED)
        if found.has_watermark_fault:
            self.telemetry.count(Metric.WATERMARK_MALFORMED)
        state, now_ms = found.state, int(now * 1000)
        self.last_known.remember(identity.customer_id, state, now)
        decision = decide(state, now_ms, self.rules, draw=self._draw(state))
        if isinstance(decision, Allow):
            return decision
        return StoppedRequest(decision, "", identity, allow_at(state, now_ms), state.mode)

    def _decide_unknown(
        self, identity: Identity, unknown: Unknown, now: float
    ) -> Allow | StoppedRequest:
        self._count_unknown(unknown.reason)
        if self.last_known.is_revoked(identity, now):
            return StoppedRequest(_REVOKED)
        numbers = self.last_known.numbers(identity.customer_id, now)
        if numbers is None:
            state = self.last_known.standing(identity.customer_id, now)
            decision = decide_unknown(state, self.rules, plan_allows=identity.allow_when_unknown)
            left = Allow(usage_identifier=state.usage_identifier if state else "")
        else:
            self.telemetry.count(Metric.DECIDED_BY_LAST_KNOWN)
            (state, age), now_ms = numbers, int(now * 1000)
            draw = self._draw(state)
            decision = decide(state, now_ms, self.rules, draw=draw, age_seconds=age)
            left = allow_at(state, now_ms)
        if isinstance(decision, Allow):
            return decision
        return StoppedRequest(
            decision, unknown.reason, identity, left, state.mode if state else None
        )

    def _draw(self, state: QuotaState) -> float:
        """A system call: only where the decision is a draw."""
        return self.draw() if state.guard_level is GuardLevel.THROTTLE else 0.0

    def _count_unknown(self, reason: str) -> None:
        self.telemetry.count(Metric.STATE_UNKNOWN, reason)
        self.telemetry.share(Metric.UNKNOWN_SHARE, is_part=True)

    def _refuse(
        self,
        event: Event,
        resource: str | None,
        refusal: StoppedRequest,
        stage_mode: AuthorizerMode | None,
    ) -> Policy:
        """In shadow the caller passes, and is told of."""
        if (refusal.mode or stage_mode or self.mode) is AuthorizerMode.SHADOW:
            return pass_in_shadow(event, resource, refusal, self.telemetry)
        why = refusal.why
        if isinstance(why, RefusedCredential):
            self.telemetry.count(Metric.REQUESTS_UNAUTHORIZED, why.reason)
            facts = {"reason": why.reason, **request_ids(event)}
            self.telemetry.log("WARNING", UNAUTHORIZED, facts)
            raise Unauthorized
        self.telemetry.count(Metric.REQUESTS_DENIED, why.code)
        self.telemetry.log("WARNING", DENIED, {**refusal.facts(), **request_ids(event)})
        return deny_policy(resource, why, refusal.identity)
