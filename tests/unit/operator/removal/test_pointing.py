"""Whose authorizer is ours, by its URI."""

import pytest

from functions.operator.removal.pointing import Pointing, _is_of

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:meter-AuthorizerFunction-1"
PATH = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions"


@pytest.mark.parametrize(
    ("uri", "is_ours"),
    [
        (f"{PATH}/{FUNCTION}/invocations", True),
        (f"{PATH}/{FUNCTION}:live/invocations", True),
        (f"{PATH}/{FUNCTION}:7/invocations", True),
        (f"{PATH}/{FUNCTION}2/invocations", False),
        (f"{PATH}/arn:aws:lambda:eu-west-1:123456789012:function:other/invocations", False),
        ("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/x", False),
        ("", False),
    ],
)
def test_any_version_or_alias_of_the_function_is_ours(*, uri: str, is_ours: bool) -> None:
    """And no function whose name begins like it."""
    assert _is_of(uri, FUNCTION) is is_ours


def test_the_commands_end_with_the_deployment_of_each_stage() -> None:
    """Until then the stages ask what was deployed."""
    found = Pointing("api1", "Shop", ("auth1",), (("res1", "GET"),), ("live", "test"))
    method, authorizer, live, test = found.commands()
    assert "update-method --rest-api-id api1 --resource-id res1 --http-method GET" in method
    assert authorizer.endswith("delete-authorizer --rest-api-id api1 --authorizer-id auth1")
    assert live.endswith("create-deployment --rest-api-id api1 --stage-name live")
    assert test.endswith("--stage-name test")
