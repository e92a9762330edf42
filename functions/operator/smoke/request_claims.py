"""What callers meet, and what becomes of their requests."""

import json
from typing import Any

import httpx

from functions.operator.smoke.claim import Claim, DidNotHold
from functions.operator.smoke.smoke_customer import (
    credential_headers,
    get,
    needs_enforcement,
    smoke_customer,
)
from functions.operator.smoke.subject import Subject
from functions.operator.verify.following import Follower
from functions.operator.verify.hop import Stopped
from functions.operator.verify.target import Credential, target_of

LIMIT = 100
FOLLOW_SECONDS = 300  # log delivery is "usually less than three minutes" (AWS)


def nobody_without_a_credential(subject: Subject) -> str:
    """401, also for a key that nobody gave out."""
    needs_enforcement(subject)
    url = f"{subject.api_url.rstrip('/')}/pets"
    without = get(url, {}).status_code
    wrong = get(url, credential_headers(subject, "ak_nobody_ever_gave_this_out")).status_code
    if (without, wrong) != (401, 401):
        raise DidNotHold(f"without a credential: {without}, with a wrong one: {wrong}")
    return "401 without a credential, 401 with a wrong one"


def one_request_is_billed(subject: Subject) -> str:
    """The whole walk, each hop seen; the id in the log is the one that the caller got."""
    with smoke_customer(subject, limit=LIMIT) as customer:
        headers = dict(customer.headers)
        credential = Credential("its own key", headers, customer.customer_id)
        place = f"--stack {subject.stack}"
        target = target_of(subject.deployment, place=place, url=customer.url, credential=credential)
        follower = Follower(
            target, wait_seconds=FOLLOW_SECONDS * subject.patience, meter="api_calls"
        )
        try:
            hops = list(follower.hops())
        except Stopped as stopped:
            raise DidNotHold(
                f"stopped at {stopped.hop}: {stopped.reason}; {stopped.check}"
            ) from None
    return f"{len(hops)} hops in {hops[-1].seconds:.0f} s, as {follower.key}"


def over_quota_is_429(subject: Subject) -> str:
    """The body is JSON with a code and a time, made from the authorizer's context."""
    needs_enforcement(subject)
    with smoke_customer(subject, limit=0) as customer:
        answer = customer.call()
    said = _json_of(answer)
    if answer.status_code != 429 or "QUOTA" not in json.dumps(said):  # noqa: PLR2004 - HTTP's
        raise DidNotHold(f"{answer.status_code}: {json.dumps(said)[:200]}")
    return f"429 {json.dumps(said)[:120]}"


def another_denial_is_no_quota(subject: Subject) -> str:
    """The resource policy of the demo API closes a path to a customer who may call the others."""
    with smoke_customer(subject, limit=LIMIT) as customer:
        url = f"{subject.api_url.rstrip('/')}/closed"
        answer = get(url, customer.headers)
    said = _json_of(answer)
    code = said.get("error", {}).get("code")
    is_ours = isinstance(code, str) and code.replace("_", "").isalpha()
    if said.get("type") != "ACCESS_DENIED" or is_ours:
        raise DidNotHold(f"{answer.status_code}: {json.dumps(said)[:200]}")
    return f"{answer.status_code} {json.dumps(said)[:120]}"


def the_alias_is_called(subject: Subject) -> str:
    """And stands at a version, which a deploy moves by and by."""
    session, alias = subject.session, subject.output("AuthorizerAliasArn")
    api = subject.resources["DemoApiGateway"]
    found = session.client("apigateway").get_authorizers(restApiId=api)["items"]
    uris = [one.get("authorizerUri", "") for one in found]
    if not all(f"/functions/{alias}/" in uri for uri in uris) or not uris:
        raise DidNotHold(f"the demo API calls {', '.join(uris) or 'no authorizer'}")
    name, _, qualifier = alias.rpartition(":")
    at = session.client("lambda").get_alias(FunctionName=name, Name=qualifier)["FunctionVersion"]
    if not at.isdecimal():
        raise DidNotHold(f"{qualifier} stands at {at}")
    return f"{qualifier} stands at version {at}"


def _json_of(answer: httpx.Response) -> dict[str, Any]:
    """DidNotHold: the body is no JSON."""
    try:
        found: dict[str, Any] = answer.json()
    except json.JSONDecodeError:
        raise DidNotHold(f"{answer.status_code}, and no JSON: {answer.text[:200]}") from None
    return found


REQUEST_CLAIMS = (
    Claim(
        "credential",
        "The authorizer answers within API Gateway's time and refuses who shows nothing.",
        nobody_without_a_credential,
    ),
    Claim(
        "walk",
        "CloudWatch delivers the line, its extended request id is the caller's, KMS lets every "
        "function read and write, Aforo takes the event, the IAM token opens the counters.",
        one_request_is_billed,
    ),
    Claim(
        "gateway response",
        "The body of a 429 is valid JSON from the authorizer's context.",
        over_quota_is_429,
    ),
    Claim(
        "other denial",
        "What the API's resource policy denies is answered with JSON, and claims no quota.",
        another_denial_is_no_quota,
    ),
    Claim("alias", "API Gateway calls the authorizer by its alias.", the_alias_is_called),
)
