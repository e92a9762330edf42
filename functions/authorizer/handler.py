"""REQUEST authorizer: API Gateway's event (version 1) in, a policy out.

Raised on purpose: `Unauthorized` (401). A bug or a deployment that is not usable denies (in shadow:
lets pass) and says so in log and metric: an exception would be a 500 for every caller.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache
from traceback import format_tb
from typing import NamedTuple

from functions.adapters.redis_credential import elasticache_credential
from functions.authorizer.api_key import ApiKeys
from functions.authorizer.authorize import Authorizer, Unauthorized
from functions.authorizer.claims import TokenRules
from functions.authorizer.counter_read import CounterRead
from functions.authorizer.credential import CredentialHeader
from functions.authorizer.decision import UNKNOWN_RETRY_SECONDS, DecisionRules, Deny, DenyCode
from functions.authorizer.headers import request_ids
from functions.authorizer.light_telemetry import AUTHORIZER_FAILED, AuthorizerTelemetry
from functions.authorizer.policy import Policy, deny_policy, stage_resource
from functions.authorizer.redis_address import RedisAddress
from functions.authorizer.redis_link import RedisLink
from functions.authorizer.settings import AuthorizerSettings, deployed_mode, read_settings
from functions.authorizer.shadow import pass_in_shadow
from functions.authorizer.signing_key import SigningKeys
from functions.authorizer.stage_mode import StageMode
from functions.authorizer.stopped_request import StoppedRequest
from functions.authorizer.token import TokenVerifier
from functions.usage.errors import UsageError
from functions.usage.metric import Metric
from functions.usage.quota import AuthorizerMode


def handler(event: object, _context: object) -> Policy:
    """The function's entry point."""
    return answer(event, lambda: _wired().authorizer)


def answer(event: object, wired: Callable[[], Authorizer]) -> Policy:
    """The authorizer's policy; a Deny when the authorizer itself fails (in shadow: an Allow that
    names nobody). Unauthorized passes.
    """
    request = event if isinstance(event, Mapping) else {}
    authorizer = None
    try:
        authorizer = wired()
        return authorizer.authorize(request)
    except Unauthorized:
        raise
    except Exception as error:  # noqa: BLE001 - fail closed, and not with a 500 for everybody
        return _failed(error, request, authorizer.mode if authorizer else deployed_mode())


def authorizer_for(
    settings: AuthorizerSettings, link: RedisLink, clock: Callable[[], float]
) -> Authorizer:
    """Everything that one process keeps between invocations."""
    tenant, environment = settings.aforo_tenant_id, settings.aforo_environment
    counters = CounterRead(link, tenant=tenant, meter=settings.quota_meter, clock=clock)
    token_rules = TokenRules(
        tenant=tenant,
        environment=environment,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
    )
    return Authorizer(
        tokens=TokenVerifier(token_rules, SigningKeys(counters.key_set, clock), clock),
        api_keys=ApiKeys(counters.identity, tenant=tenant, environment=environment, clock=clock),
        counters=counters,
        rules=DecisionRules(
            ttl_seconds=settings.result_ttl_seconds,
            headroom_cap=settings.headroom_cap_percent / 100,
            allow_without_grant=settings.no_grant_policy == "allow",
            allow_when_unknown=settings.unknown_policy == "allow",
        ),
        telemetry=AuthorizerTelemetry(clock),
        header_names_customer=settings.tenant_header == "customer",
        clock=clock,
        credential_header=CredentialHeader(settings.credential_header),
        mode=AuthorizerMode(settings.authorizer_mode),
    )


def link_to(settings: AuthorizerSettings) -> RedisLink:
    """The way to Redis. Opens nothing: the first request connects."""
    address = RedisAddress.parse(settings.redis_url)
    if settings.redis_secret_arn:
        # Here and not above: no part of a cold start where there is no secret.
        from functions.adapters.redis_secret import RedisSecret  # noqa: PLC0415

        secret = RedisSecret(settings.redis_secret_arn)
        return RedisLink(address, secret, secret.renew)
    credential = elasticache_credential(
        user=settings.redis_user,
        cache_name=settings.redis_cache_name,
        url=settings.redis_url,
        region=settings.aws_region,
    )
    return RedisLink(address, credential)


class Wired(NamedTuple):
    """What lives as long as the process."""

    authorizer: Authorizer


@cache
def _wired() -> Wired:
    settings = read_settings()
    return Wired(authorizer_for(settings, link_to(settings), time.time))


def _failed(error: Exception, request: Mapping[str, object], mode: AuthorizerMode) -> Policy:
    telemetry = AuthorizerTelemetry(time.time)
    try:
        _report(error, request, telemetry)
        resource = stage_resource(request.get("methodArn"))
        deny = Deny(DenyCode.AUTHORIZER_ERROR, UNKNOWN_RETRY_SECONDS)
        if (StageMode().of(request, telemetry) or mode) is AuthorizerMode.SHADOW:
            return pass_in_shadow(request, resource, StoppedRequest(deny), telemetry)
        return deny_policy(resource, deny)
    finally:
        telemetry.flush_if_due()


def _report(
    error: Exception, request: Mapping[str, object], telemetry: AuthorizerTelemetry
) -> None:
    # Not the text of an unexpected error: it may quote the request, and so a credential.
    message = str(error) if isinstance(error, UsageError) else ""
    facts = {
        "error": type(error).__name__,
        "fault": message,
        "trace": format_tb(error.__traceback__),
    }
    telemetry.log("ERROR", AUTHORIZER_FAILED, {**facts, **request_ids(request)})
    telemetry.count(Metric.AUTHORIZER_FAILED)
