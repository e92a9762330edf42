"""Whose authorizer is ours, by its URI."""

import pytest

from functions.operator.stage_export import invokes

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
    assert invokes(uri, FUNCTION) is is_ours
