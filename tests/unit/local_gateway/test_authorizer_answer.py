import json

import pytest

from tests.local.gateway.authorizer import identity_of
from tests.local.gateway.authorizer_answer import InvalidAnswerError, read_answer
from tests.unit.local_gateway.exchanges import AUTHORIZER, CREDENTIAL, begun

POLICY = {"Version": "2012-10-17", "Statement": []}


def test_context_values_become_text() -> None:
    """Numbers and booleans are stringified as in `$context.authorizer`; null is left out."""
    answer = read_answer(
        json.dumps(
            {
                "principalId": "p",
                "policyDocument": POLICY,
                "context": {"a": "x", "b": 30, "c": True, "d": 1.5, "e": None},
                "usageIdentifierKey": "key",
            }
        ).encode()
    )
    assert answer.context == {"a": "x", "b": "30", "c": "true", "d": "1.5"}
    assert (answer.principal_id, answer.usage_key) == ("p", "key")


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"policyDocument": "x"}, {"policyDocument": POLICY, "principalId": 7},
     {"policyDocument": POLICY, "context": []}, {"policyDocument": POLICY, "context": {"a": {}}},
     {"policyDocument": POLICY, "context": {"a": ["b"]}}],
)  # fmt: skip
def test_an_invalid_answer_is_refused(answer: object) -> None:
    """Objects in the context and a missing policy make the authorizer misconfigured."""
    with pytest.raises(InvalidAnswerError):
        read_answer(json.dumps(answer).encode())


def test_an_identity_needs_all_its_sources() -> None:
    """A missing or empty source is no identity; header names match in any case."""
    assert identity_of(AUTHORIZER, begun(("authorization", "x"))) == ("x",)
    assert identity_of(AUTHORIZER, begun(CREDENTIAL)) == (CREDENTIAL[1],)
    assert identity_of(AUTHORIZER, begun(("Authorization", ""))) is None
    assert identity_of(AUTHORIZER, begun()) is None
