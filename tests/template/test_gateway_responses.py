"""What API Gateway answers by itself, filled with whatever its context holds or lacks."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer.decision import Deny, DenyCode
from functions.authorizer.identity import Identity
from functions.authorizer.policy import deny_policy
from tests.local.endpoints import ROOT
from tests.local.gateway.substitution import fill
from tests.template.stack import found_in_map, template

RESPONSES: dict[str, Any] = template()["Resources"]["DemoApiGateway"]["Properties"][
    "GatewayResponses"
]
# How AWS prints what a context lacks is not documented: nothing, as in VTL, or as in a log.
ABSENT = ("", "-", "null", "undefined")
# Types by which others than our authorizer refuse: ours to leave alone.
OTHERS = {"DEFAULT_4XX", "WAF_FILTERED", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "INVALID_API_KEY"}


def body_of(kind: str, context: dict[str, str], absent: str) -> dict[str, Any]:
    text = found_in_map(RESPONSES[kind]["ResponseTemplates"]["application/json"])
    found: dict[str, Any] = json.loads(fill(text, lambda name: context.get(name, absent)))
    return found


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, str]:
    """Some of what our authorizer and API Gateway put into a context. Ids and messages that nobody
    of ours has checked are any text.
    """
    identity = Identity(customer_id=draw(st.text()), tenant_id=draw(st.text()), environment="live")
    deny = Deny(draw(st.sampled_from(DenyCode)), draw(st.integers(1, 86_400)))
    ours = deny_policy(None, deny, draw(st.sampled_from([None, identity])))["context"]
    known = {f"authorizer.{name}": str(value) for name, value in ours.items()}
    known |= {
        "authorizer.principalId": draw(st.text()),
        "error.message": draw(st.text()),
        "error.responseType": "ACCESS_DENIED",
        "requestId": draw(st.sampled_from([str(uuid4()), "UUID_REPLACED_INVALID_REQUEST_ID"])),
    }
    kept = draw(st.sets(st.sampled_from(sorted(known))))
    return {name: known[name] for name in kept}


@given(kind=st.sampled_from(sorted(RESPONSES)), context=contexts(), absent=st.sampled_from(ABSENT))
def test_any_body_is_json(kind: str, context: dict[str, str], absent: str) -> None:
    """Whatever the context lacks, and however that is printed."""
    found = body_of(kind, context, absent)
    assert set(found) == {"error", "type", "requestId"}
    assert all(isinstance(value, str) for value in found["error"].values())


@given(context=contexts(), absent=st.sampled_from(ABSENT))
def test_a_denial_that_is_not_ours_claims_nothing(context: dict[str, str], absent: str) -> None:
    """No code of ours, no message, no time to come back."""
    foreign = {name: value for name, value in context.items() if not name.startswith("authorizer.")}
    error = body_of("ACCESS_DENIED", foreign, absent)["error"]
    assert error == {"code": absent, "message": absent, "retryAfterSeconds": absent}
    assert error["code"] not in set(DenyCode)


@pytest.mark.parametrize("code", DenyCode)
def test_our_denial_says_all_it_knows(code: DenyCode) -> None:
    """The code that the decision has, and the seconds as decimal digits."""
    context = deny_policy(None, Deny(code, 3600))["context"]
    known = {f"authorizer.{name}": str(value) for name, value in context.items()}
    error = body_of("ACCESS_DENIED", known, "")["error"]
    assert error == {"code": code, "message": Deny(code, 1).message, "retryAfterSeconds": "3600"}


def test_what_others_refuse_keeps_its_own_status() -> None:
    """A DEFAULT_4XX would change WAF's 403 and the refusal of a signature too."""
    assert not OTHERS & set(RESPONSES)


def test_the_documents_attach_the_same_body() -> None:
    """Who copies it from docs/how-to/attach-by-hand.md has what the demo has."""
    text = (ROOT / "docs/how-to/attach-by-hand.md").read_text()
    (copied,) = re.findall(r"<<'JSON'\n *(\{\"application/json\".*)\n *JSON\n", text)
    assert json.loads(copied) == RESPONSES["ACCESS_DENIED"]["ResponseTemplates"]
