"""A function's own policy: whom it lets call."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.permission import permits

API = "arn:aws:execute-api:eu-west-1:123456789012:api1"
AUTHORIZER = f"{API}/authorizers/a1"
GIVEN: Mapping[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "apigateway.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Condition": {"ArnLike": {"AWS:SourceArn": f"{API}/authorizers/*"}},
}


def test_as_add_permission_writes_it() -> None:
    """The authorizers of that API, and nobody else's."""
    assert permits(GIVEN, AUTHORIZER)
    assert not permits(GIVEN, f"{API}/prod/GET/orders")
    assert not permits(GIVEN, AUTHORIZER.replace("api1", "api2"))


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "events.amazonaws.com"}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Action": "lambda:GetFunction"},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": "210987654321"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
    ],
)
def test_what_is_for_another_permits_nothing(change: dict[str, Any]) -> None:
    """Each part of a statement has to fit."""
    assert not permits({**GIVEN, **change}, AUTHORIZER)


def test_without_a_condition_any_api_may_call() -> None:
    """Or any of the account, where that alone is asked."""
    anybody = {key: value for key, value in GIVEN.items() if key != "Condition"}
    assert permits(anybody, AUTHORIZER)
    of_account = {"StringEquals": {"AWS:SourceAccount": "123456789012"}}
    assert permits({**GIVEN, "Condition": of_account}, AUTHORIZER)


@given(
    st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), st.sampled_from(["authorizers/x", "s/GET/"])
)
def test_a_permission_for_one_api_is_for_no_other(api: str, rest: str) -> None:
    """Whatever it is called."""
    source = f"arn:aws:execute-api:eu-west-1:123456789012:{api}/{rest}"
    own = {**GIVEN, "Condition": {"ArnLike": {"AWS:SourceArn": f"{API}/*"}}}
    assert permits(own, source) is (api == "api1")
