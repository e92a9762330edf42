"""Shadow: what would be refused passes, and is told of in log, metric and context.

Guaranteed: who was not verified gets no name, so nobody is billed for it; who was verified is
served and billed like any other.
"""

from functions.authorizer.headers import TRACEPARENT, Event, Headers, request_ids
from functions.authorizer.light_telemetry import WOULD_DENY, AuthorizerTelemetry
from functions.authorizer.policy import Policy, would_deny_policy
from functions.authorizer.stopped_request import StoppedRequest
from functions.usage.metric import Metric
from functions.usage.trace_context import valid_traceparent


def pass_in_shadow(
    event: Event, resource: str | None, refusal: StoppedRequest, telemetry: AuthorizerTelemetry
) -> Policy:
    """The policy that lets a refused request pass."""
    telemetry.count(Metric.REQUESTS_WOULD_BE_DENIED, refusal.code)
    telemetry.log("WARNING", WOULD_DENY, {**refusal.facts(), **request_ids(event)})
    # Who has no name gets no other context either.
    traceparent = valid_traceparent(Headers(event).only(TRACEPARENT)) if refusal.identity else None
    return would_deny_policy(resource, refusal.code, refusal.identity, refusal.allow, traceparent)
