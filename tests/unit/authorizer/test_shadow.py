"""Shadow mode: what would be refused passes and is told of; whose word on it counts."""

import copy
import json
import os
from dataclasses import replace
from hashlib import sha256
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.authorizer.authorize import Authorizer, Unauthorized
from functions.authorizer.handler import answer
from functions.authorizer.policy import Policy
from functions.usage.errors import SettingsError
from functions.usage.quota import AuthorizerMode, is_customer_id, state_key
from tests.fakes.authorizer_event import METHOD_ARN, authorizer_event
from tests.fakes.token_issuer import CUSTOMER, TENANT
from tests.unit.authorizer.conftest import Bench, make_bench

SHADOW, ENFORCE = AuthorizerMode.SHADOW, AuthorizerMode.ENFORCE
KEY, DIGEST = "Bearer sk_live_1", sha256(b"sk_live_1").hexdigest()
STATE = state_key(TENANT, CUSTOMER)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def effect(policy: Policy) -> str:
    statements: Any = policy["policyDocument"]["Statement"]
    return str(statements[0]["Effect"])


def in_mode(bench: Bench, mode: AuthorizerMode) -> Bench:
    bench.authorizer = replace(bench.authorizer, mode=mode)
    return bench


def event_of(
    authorization: str | None, stage_mode: object = None, **headers: str
) -> dict[str, Any]:
    found = authorizer_event(authorization, **headers)
    return found | {"stageVariables": None if stage_mode is None else {"aforoMode": stage_mode}}


def test_a_verified_caller_over_its_quota_passes_under_its_name(bench: Bench) -> None:
    """The context as always, and the code that enforce would have given; one line and a count."""
    in_mode(bench, SHADOW).grant(limit=100, used=100)
    policy = bench.answer(event_of(bench.good_header(), traceparent=TRACEPARENT))
    assert (effect(policy), policy["principalId"]) == ("Allow", CUSTOMER)
    context = policy["context"]
    assert next(iter(context)) == "customerId"
    assert list(context)[-1] == "wouldDeny"
    assert context["wouldDeny"] == "QUOTA_EXCEEDED"
    assert (context["remaining"], context["limit"]) == (0, 100)
    assert context["traceparent"] == TRACEPARENT
    (line,) = bench.logged("request.would_deny")
    assert (line["code"], line["customerId"]) == ("QUOTA_EXCEEDED", CUSTOMER)
    assert "reason" not in line
    assert line["extendedRequestId"] == "AbCdEfGhIjKlMnO="
    assert bench.logged("request.denied") == []
    assert bench.counted("RequestsWouldBeDenied") == 1
    assert bench.counted("RequestsDenied") == bench.counted("RequestsAllowed") == 0


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [(None, "no_credential"), ("Basic x", "not_bearer"), (KEY, "unknown_key")],
)
def test_a_bad_credential_passes_without_a_name(
    bench: Bench, authorization: str | None, reason: str
) -> None:
    """Nobody can be billed by it: no customer, and a principal that is no customer's id."""
    policy = in_mode(bench, SHADOW).answer(event_of(authorization, traceparent=TRACEPARENT))
    assert effect(policy) == "Allow"
    assert policy["context"] == {"wouldDeny": "UNAUTHORIZED"}
    assert not is_customer_id(policy["principalId"])
    assert "usageIdentifierKey" not in policy
    (line,) = bench.logged("request.would_deny")
    assert (line["code"], line["reason"]) == ("UNAUTHORIZED", reason)
    assert "customerId" not in line
    assert bench.counted("RequestsWouldBeDenied") == 1
    assert bench.counted("RequestsUnauthorized") == 0


def test_a_forged_tenant_header_passes_without_a_name(bench: Bench) -> None:
    """The credential is good, but what the request says of itself is not."""
    policy = in_mode(bench, SHADOW).answer(event_of(bench.good_header(), X_Tenant_Id="umbrella"))
    assert policy["context"] == {"wouldDeny": "UNAUTHORIZED"}


def test_a_revoked_credential_passes_without_a_name(bench: Bench) -> None:
    """It may be stolen: its customer does not pay for it, though it has a mode of its own."""
    in_mode(bench, SHADOW).store.hashes[STATE]["mode"] = "enforce"
    bench.know_api_key(DIGEST, key_id="key-1")
    bench.store.strings["jti:client:key-1"] = "1"
    for fault in ("", "timeout"):
        bench.store.fault = fault
        assert bench.answer(event_of(KEY))["context"] == {"wouldDeny": "UNAUTHORIZED"}


def test_what_nobody_can_say_passes_with_its_reason(bench: Bench) -> None:
    """A known customer under its name, an unknown credential without one."""
    in_mode(bench, SHADOW)
    bench.answer(event_of(bench.good_header()))
    bench.store.fault = "timeout"
    bench.clock.advance(31)
    assert bench.answer(event_of(KEY))["context"] == {"wouldDeny": "IDENTITY_UNKNOWN"}
    policy = bench.answer(event_of(bench.good_header()))
    assert policy["context"]["wouldDeny"] == "QUOTA_STATE_UNKNOWN"
    assert policy["context"]["customerId"] == CUSTOMER
    assert "remaining" not in policy["context"]
    assert [line["reason"] for line in bench.logged("request.would_deny")] == ["timeout"] * 2


def test_a_refusal_of_what_nobody_can_say_has_its_reason_in_the_log(bench: Bench) -> None:
    """In enforce: whoever is on call reads it there, and need not look for the metric."""
    bench.store.fault = "unreachable"
    bench.answer(event_of(KEY))
    bench.store.fault = ""
    bench.answer(event_of(bench.good_header()))
    bench.store.fault = "timeout"
    bench.clock.advance(31)
    bench.answer(event_of(bench.good_header()))
    said = [(line["code"], line["reason"]) for line in bench.logged("request.denied")]
    assert said == [("IDENTITY_UNKNOWN", "unreachable"), ("QUOTA_STATE_UNKNOWN", "timeout")]


def test_a_usage_plan_serves_what_would_be_denied(bench: Bench) -> None:
    """An API that wants a key from its authorizer would else answer 403 in shadow."""
    in_mode(bench, SHADOW).grant(limit=1, used=1)
    bench.store.hashes[STATE]["usage_identifier"] = "plan-key"
    assert bench.answer(event_of(bench.good_header())).get("usageIdentifierKey") == "plan-key"
    bench.store.fault = "timeout"
    bench.clock.advance(31)
    assert bench.answer(event_of(bench.good_header())).get("usageIdentifierKey") == "plan-key"


MODES = [None, "shadow", "enforce"]


@pytest.mark.parametrize("own", MODES)
@pytest.mark.parametrize("stage", MODES)
@pytest.mark.parametrize("deployed", ["shadow", "enforce"])
def test_whose_word_counts(own: str | None, stage: str | None, deployed: str) -> None:
    """The customer's own before the stage's before the deployment's; of nobody, the last two."""
    bench = in_mode(make_bench(), AuthorizerMode(deployed))
    bench.grant(limit=1, used=1)
    if own:
        bench.store.hashes[STATE]["mode"] = own
    policy = bench.answer(event_of(bench.good_header(), stage))
    assert effect(policy) == ("Allow" if (own or stage or deployed) == "shadow" else "Deny")
    if (stage or deployed) == "shadow":
        assert effect(bench.answer(event_of(None, stage))) == "Allow"
    else:
        with pytest.raises(Unauthorized):
            bench.answer(event_of(None, stage))


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_a_suspended_customer_with_shadow_of_its_own_passes_and_is_told(
    bench: Bench, status: str
) -> None:
    """Also while nobody can say its state: its own mode is known as long as its standing is."""
    bench.store.hashes[STATE] |= {"mode": "shadow", "status": status}
    for fault in ("", "timeout"):
        bench.store.fault = fault
        policy = bench.answer(event_of(bench.good_header()))
        assert effect(policy) == "Allow"
        assert policy["context"]["wouldDeny"] == f"CUSTOMER_{status.upper()}"
        bench.clock.advance(60)
    assert len(bench.logged("request.would_deny")) == 2


def test_a_mode_that_nobody_knows_is_none(bench: Bench) -> None:
    """In the counters: a newer release's, met by an older one."""
    bench.grant(limit=1, used=1)
    bench.store.hashes[STATE]["mode"] = "dry"
    assert bench.answer(event_of(bench.good_header()))["context"]["code"] == "QUOTA_EXCEEDED"


@pytest.mark.parametrize("said", ["Shadow", "", "off", "shadow ", 7, ["shadow"], {"a": "shadow"}])
def test_a_stage_variable_that_is_no_mode_is_as_if_it_were_absent(
    bench: Bench, said: object
) -> None:
    """And told once, by a request that is let pass too."""
    for _ in range(3):
        bench.answer(event_of(bench.good_header(), said))
    with pytest.raises(Unauthorized):
        bench.answer(event_of(None, said))
    assert [line["aforoMode"] for line in bench.logged("stage.mode_unknown")] == [str(said)]


@pytest.mark.parametrize("where", ["headers", "multiValueHeaders", "queryStringParameters", "path"])
def test_no_client_chooses_the_mode(bench: Bench, where: str) -> None:
    """Whatever a request carries under the variable's name."""
    hostile = event_of(None) | {where: {"aforoMode": "shadow", "stageVariables": "shadow"}}
    hostile["requestContext"] |= {"stageVariables": {"aforoMode": "shadow"}}
    with pytest.raises(Unauthorized):
        bench.answer(hostile)


@pytest.mark.parametrize("stage", MODES)
@pytest.mark.parametrize("deployed", ["shadow", "enforce"])
@pytest.mark.parametrize("broken", ["wiring", "authorizing"])
def test_a_bug_of_ours(
    stage: str | None, deployed: str, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In shadow it lets pass and names nobody; it is loud in both modes."""

    def unwired() -> Authorizer:
        raise SettingsError("REDIS_URL: is not set")

    def unable() -> Authorizer:
        class Failing:
            mode = AuthorizerMode(deployed)

            def authorize(self, _event: object) -> Policy:
                raise KeyError

        found: Any = Failing()
        return found  # type: ignore[no-any-return]

    wired = unwired if broken == "wiring" else unable
    with patch.dict(os.environ, {"AUTHORIZER_MODE": deployed}):
        policy = answer(event_of(KEY, stage), wired)
    written = capsys.readouterr().out
    assert "authorizer.failed" in written
    assert "AuthorizerFailed" in written
    if (stage or deployed) == "shadow":
        assert effect(policy) == "Allow"
        assert policy["context"] == {"wouldDeny": "AUTHORIZER_ERROR"}
        assert "RequestsWouldBeDenied" in written
    else:
        assert (effect(policy), policy["context"]["code"]) == ("Deny", "AUTHORIZER_ERROR")
        assert "RequestsWouldBeDenied" not in written


def test_without_a_usable_arn_shadow_allows_and_enforce_denies(bench: Bench) -> None:
    """It says nothing of the caller, and is no reason to lock out an API that is being tried."""
    strange = event_of(bench.good_header()) | {"methodArn": "arn:new:execute-api:x"}
    assert effect(bench.answer(strange)) == "Deny"
    policy = in_mode(bench, SHADOW).answer(strange)
    assert (effect(policy), policy["context"]) == ("Allow", {"wouldDeny": "AUTHORIZER_ERROR"})


def test_nothing_of_a_credential_is_logged_in_shadow(bench: Bench) -> None:
    """Neither of a good one nor of a bad one."""
    good = in_mode(bench, SHADOW).good_header(customer_id="broke")
    bench.answer(event_of(good))
    bench.answer(event_of("Bearer sk_live_very_secret"))
    text = "\n".join(bench.lines)
    assert "very_secret" not in text
    assert good.rpartition(".")[2][:20] not in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)
events = st.fixed_dictionaries(
    {},
    optional={
        "methodArn": st.just(METHOD_ARN) | json_values,
        "headers": st.dictionaries(
            st.sampled_from(["Authorization", "authorization", "X-Tenant-Id"]),
            st.sampled_from([KEY, "GOOD", "EXPIRED", TENANT, "umbrella"]) | json_values,
            max_size=3,
        )
        | json_values,
        "multiValueHeaders": json_values,
        "requestContext": json_values,
        "stageVariables": st.fixed_dictionaries({}, optional={"aforoMode": json_values})
        | json_values,
    },
)
states = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["active", "suspended", "closed", "?"]),
        "guard_level": st.sampled_from(["L1_ALERT", "L2_THROTTLE", "L3_BLOCK"]),
        "api_calls:used": st.sampled_from(["0", "96", "100", "x"]),
    },
)


def decided(
    event: object, state: dict[str, str], fault: str, mode: AuthorizerMode
) -> Policy | None:
    """By an authorizer of its own; None: 401."""
    bench = in_mode(make_bench(), mode)
    bench.know_api_key(DIGEST)
    bench.store.hashes[STATE] |= state
    bench.store.fault = fault
    text = json.dumps(event)
    text = text.replace("GOOD", bench.good_header()).replace("EXPIRED", bench.good_header(exp=0))
    try:
        return bench.answer(json.loads(text))
    except Unauthorized:
        return None


@given(
    event=events | json_values,
    state=states,
    fault=st.sampled_from(["", "", "timeout", "unreachable"]),
)
@settings(max_examples=200, deadline=None)
def test_shadow_always_allows_and_names_nobody_whom_enforce_did_not_verify(
    event: Any, state: dict[str, str], fault: str
) -> None:
    """An allowed request is answered alike in both modes; a refused one differs in its effect."""
    if isinstance(event, dict) and isinstance(event.get("stageVariables"), dict):
        event["stageVariables"].pop("aforoMode", None)
    enforced = decided(copy.deepcopy(event), state, fault, ENFORCE)
    shadow = decided(event, state, fault, SHADOW)
    assert shadow is not None
    assert effect(shadow) == "Allow"
    if enforced is not None and effect(enforced) == "Allow":
        assert shadow == enforced
        return
    context = enforced["context"] if enforced else {}
    assert shadow["context"]["wouldDeny"] == context.get("code", "UNAUTHORIZED")
    assert shadow["context"].get("customerId") == context.get("customerId")
    if "customerId" not in context:
        assert shadow["context"].keys() == {"wouldDeny"}
        assert not is_customer_id(shadow["principalId"])
