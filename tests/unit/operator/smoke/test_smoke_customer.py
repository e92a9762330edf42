"""How the smoke test calls as its own customer."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from functions.operator.deployment.deployment import Deployment
from functions.operator.smoke.claim import NotTried
from functions.operator.smoke.request_claims import nobody_without_a_credential, over_quota_is_429
from functions.operator.smoke.smoke_customer import credential_headers
from functions.operator.smoke.subject import Subject


class Session:
    """Lambda, as far as it is asked what the authorizer was deployed with."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables

    def client(self, _service: str) -> "Session":
        return self

    def get_function_configuration(self, **asked: str) -> dict[str, Any]:
        assert asked == {"FunctionName": "stack-authorizer"}
        return {"Environment": {"Variables": self._variables}}


@pytest.mark.parametrize(
    ("variables", "headers"),
    [
        ({}, {"Authorization": "Bearer ak_1"}),
        ({"CREDENTIAL_HEADER": "authorization"}, {"Authorization": "Bearer ak_1"}),
        ({"CREDENTIAL_HEADER": "either"}, {"Authorization": "Bearer ak_1"}),
        ({"CREDENTIAL_HEADER": "x-api-key"}, {"X-API-Key": "ak_1"}),
    ],
)
def test_its_key_goes_where_the_authorizer_looks(
    variables: dict[str, str], headers: dict[str, str]
) -> None:
    """A stack of before CredentialHeader looks into Authorization."""
    assert credential_headers(stack_with(variables), "ak_1") == headers


@pytest.mark.parametrize("claim", [nobody_without_a_credential, over_quota_is_429])
def test_a_refusal_is_not_tried_in_shadow(claim: Callable[[Subject], str]) -> None:
    """It would not hold, and nothing would be wrong."""
    with pytest.raises(NotTried, match="AuthorizerMode=enforce"):
        claim(stack_with({"AUTHORIZER_MODE": "shadow"}))


def stack_with(variables: dict[str, str]) -> Subject:
    return Subject(
        stack="stack",
        session=cast("Any", Session(variables)),
        deployment=Deployment("eu-west-1", {}, "no stack"),
        resources={"AuthorizerFunction": "stack-authorizer"},
        api_url="https://api.example/demo",
        is_local=False,
    )
