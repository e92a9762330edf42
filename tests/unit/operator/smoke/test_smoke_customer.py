"""How the smoke test calls as its own customer."""

from typing import Any, cast

import pytest

from functions.operator.deployment.deployment import Deployment
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
    subject = Subject(
        stack="stack",
        session=cast("Any", Session(variables)),
        deployment=Deployment("eu-west-1", {}, "no stack"),
        resources={"AuthorizerFunction": "stack-authorizer"},
        api_url="https://api.example/demo",
        is_local=False,
    )
    assert credential_headers(subject, "ak_1") == headers
