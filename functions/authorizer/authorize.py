"""One request: who calls, what do we know of them, may they pass.

The event of API Gateway comes in, a policy leaves. The only exception that leaves is
`Unauthorized`, which API Gateway answers with 401; any other would be a 500 for everybody.
"""

import random
import time
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
    decide,
    decide_unknown,
)
from functions.authorizer.headers import (
    TENANT,
    TRACEPARENT,
    Event,
    Headers,
    request_ids,
)
from functions.authorizer.identity import Identity, RefusedCredential, Unverifiable, Verdict
from functions.authorizer.last_known import LastKnown
from functions.authorizer.light_telemetry import (
    DENIED,
    UNAUTHORIZED,
    AuthorizerTelemetry,
)
from functions.authorizer.policy import Policy, allow_policy, deny_policy, stage_resource
from functions.authorizer.redis_link import ANSWER_SECONDS
from functions.authorizer.token import TokenVerifier
from functions.usage.metric import Metric
from functions.usage.trace_context import valid_traceparent


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
    # Of the system, not of the process: those that Lambda starts from one snapshot have one state.
    draw: Callable[[], float] = field(default=lambda: random.SystemRandom().random() * 100)
    last_known: LastKnown = field(default_factory=LastKnown)

    def authorize(self, event: Event) -> Policy:
        """The policy for a request. Unauthorized for a bad credential."""
        try:
            return self._authorize(event)
        finally:
            self.telemetry.flush_if_due()

    def _authorize(self, event: Event) -> Policy:
        # One deadline for all that is read for this request: an unknown API key and a stale key
        # set cost further round trips, and still the caller waits no longer.
        deadline = time.monotonic() + ANSWER_SECONDS
        resource = stage_resource(event.get("methodArn"))
        if resource is None:
            return self._deny(event, None, Deny(DenyCode.AUTHORIZER_ERROR, UNKNOWN_RETRY_SECONDS))
        headers = Headers(event)
        identity = self._identify(headers, deadline)
        if isinstance(identity, RefusedCredential):
            raise self._unauthorized(event, identity)
        if isinstance(identity, Unverifiable):
            self._count_unknown(identity.reason)
            deny = Deny(DenyCode.IDENTITY_UNKNOWN, UNKNOWN_RETRY_SECONDS)
            return self._deny(event, resource, deny)
        decision = self._decide(identity, deadline)
        if isinstance(decision, RefusedCredential):
            raise self._unauthorized(event, decision)
        if isinstance(decision, Deny):
            return self._deny(event, resource, decision, identity)
        self.telemetry.count_calmly(Metric.REQUESTS_ALLOWED)
        traceparent = valid_traceparent(headers.only(TRACEPARENT))
        return allow_policy(resource, identity, decision, traceparent)

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

    def _decide(self, identity: Identity, deadline: float) -> Allow | Deny | RefusedCredential:
        found = self.counters.state(identity, deadline)
        now = self.clock()
        if isinstance(found, Unknown):
            return self._decide_unknown(identity, found, now)
        self.telemetry.share(Metric.UNKNOWN_SHARE, is_part=False)
        if found.revoked_by:
            self.last_known.remember_revoked(found.revoked_by, now)
            return RefusedCredential("revoked")
        if found.has_watermark_fault:
            self.telemetry.count(Metric.WATERMARK_MALFORMED)
        self.last_known.remember(identity.customer_id, found.state, now)
        return decide(found.state, int(now * 1000), self.rules, draw=self.draw())

    def _decide_unknown(
        self, identity: Identity, unknown: Unknown, now: float
    ) -> Allow | Deny | RefusedCredential:
        self._count_unknown(unknown.reason)
        if self.last_known.is_revoked(identity, now):
            return RefusedCredential("revoked")
        numbers = self.last_known.numbers(identity.customer_id, now)
        if numbers is None:
            standing = self.last_known.standing(identity.customer_id, now)
            return decide_unknown(standing, self.rules, plan_allows=identity.allow_when_unknown)
        self.telemetry.count(Metric.DECIDED_BY_LAST_KNOWN)
        state, age = numbers
        return decide(state, int(now * 1000), self.rules, draw=self.draw(), age_seconds=age)

    def _count_unknown(self, reason: str) -> None:
        self.telemetry.count(Metric.STATE_UNKNOWN, reason)
        self.telemetry.share(Metric.UNKNOWN_SHARE, is_part=True)

    def _unauthorized(self, event: Event, refused: RefusedCredential) -> Unauthorized:
        self.telemetry.count(Metric.REQUESTS_UNAUTHORIZED, refused.reason)
        facts = {"reason": refused.reason, **request_ids(event)}
        self.telemetry.log("WARNING", UNAUTHORIZED, facts)
        return Unauthorized()

    def _deny(
        self, event: Event, resource: str | None, deny: Deny, identity: Identity | None = None
    ) -> Policy:
        self.telemetry.count(Metric.REQUESTS_DENIED, deny.code)
        customer = {"customerId": identity.customer_id} if identity else {}
        facts = {"code": deny.code.value, **customer, **request_ids(event)}
        self.telemetry.log("WARNING", DENIED, facts)
        return deny_policy(resource, deny, identity)
