import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.policy import InvalidPolicyError, Verdict, evaluate

ARN = "arn:aws:execute-api:eu-west-1:111122223333:abc123/prod/GET/items/7"


def statement(
    effect: str, resource: object = "*", action: object = "execute-api:Invoke"
) -> dict[str, object]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([statement("Allow", ARN)], Verdict.ALLOWED),
        ([statement("Allow", "arn:*:execute-api:*:*:abc123/prod/*")], Verdict.ALLOWED),
        ([statement("Allow", ARN.replace("/7", "/?"))], Verdict.ALLOWED),
        ([statement("Allow", ["arn:other", ARN])], Verdict.ALLOWED),
        ([statement("Allow", ARN, ["execute-api:*"])], Verdict.ALLOWED),
        (statement("Allow", ARN, "*"), Verdict.ALLOWED),
        ([statement("Allow", ARN, "execute-api:invoke")], Verdict.ALLOWED),
        ([statement("Allow", ARN), statement("Deny")], Verdict.DENIED),
        ([statement("Deny"), statement("Allow", ARN)], Verdict.DENIED),
        ([statement("Allow", ARN.replace("prod", "dev"))], Verdict.NOT_MENTIONED),
        ([statement("Allow", ARN + "/more")], Verdict.NOT_MENTIONED),
        ([statement("Allow", ARN, "lambda:InvokeFunction")], Verdict.NOT_MENTIONED),
        ([statement("Deny", ARN + "/more")], Verdict.NOT_MENTIONED),
    ],
)
def test_a_policy_decides_as_iam_does(statements: object, verdict: Verdict) -> None:
    """An explicit Deny wins, wildcards match, and what is not mentioned is not allowed."""
    assert evaluate({"Version": "2012-10-17", "Statement": statements}, ARN) is verdict


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"Statement": []}, {"Statement": ["x"]}, {"Statement": [statement("allow")]},
     {"Statement": [{"Effect": "Allow"}]}, {"Statement": [statement("Allow", 7)]},
     {"Statement": [statement("Allow") | {"Condition": {}}]}],
)  # fmt: skip
def test_what_is_not_a_policy_is_refused(document: object) -> None:
    """An authorizer that returns no policy is misconfigured, never a permission."""
    with pytest.raises(InvalidPolicyError):
        evaluate(document, ARN)


@given(st.lists(st.sampled_from([ARN, "*", "arn:other", ARN + "x"]), min_size=1))
def test_a_deny_that_matches_always_wins(resources: list[str]) -> None:
    """No Allow, wherever it stands, outweighs a Deny on the method."""
    allows = [statement("Allow", resource) for resource in resources]
    assert evaluate({"Statement": [*allows, statement("Deny", ARN)]}, ARN) is Verdict.DENIED
