"""An authorizer's IAM policy: the document and the method's ARN come in, a verdict leaves. Pure.

An explicit Deny wins over any Allow; a policy that says nothing about the method denies it
(API Gateway developer guide, "API Gateway Lambda authorization workflow").
"""

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

INVOKE = "execute-api:Invoke"


class InvalidPolicyError(ValueError):
    """Not a policy that API Gateway takes: the authorizer is misconfigured."""


class Verdict(Enum):
    """What the policy says about one method."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_MENTIONED = "not_mentioned"


def evaluate(document: Any, method_arn: str) -> Verdict:
    """The verdict on `method_arn`. Raises InvalidPolicyError for what is not a policy."""
    matching = {_effect(part) for part in _statements(document) if _applies(part, method_arn)}
    if "Deny" in matching:
        return Verdict.DENIED
    return Verdict.ALLOWED if "Allow" in matching else Verdict.NOT_MENTIONED


def _statements(document: Any) -> list[Mapping[str, Any]]:
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    statements = [statements] if isinstance(statements, Mapping) else statements
    if not isinstance(statements, list) or not statements:
        raise InvalidPolicyError("policyDocument.Statement is missing: return at least one")
    if not all(isinstance(part, Mapping) for part in statements):
        raise InvalidPolicyError("policyDocument.Statement holds something that is not an object")
    return statements


def _effect(statement: Mapping[str, Any]) -> str:
    effect = statement.get("Effect")
    if effect not in {"Allow", "Deny"}:
        raise InvalidPolicyError(f"Effect is {effect!r}: write Allow or Deny")
    return str(effect)


def _applies(statement: Mapping[str, Any], method_arn: str) -> bool:
    if "Condition" in statement:
        raise InvalidPolicyError("Condition is not supported by this gateway")
    _effect(statement)
    actions, resources = _texts(statement, "Action"), _texts(statement, "Resource")
    return any(like(action.lower()).fullmatch(INVOKE.lower()) for action in actions) and any(
        like(resource).fullmatch(method_arn) for resource in resources
    )


def _texts(statement: Mapping[str, Any], name: str) -> list[str]:
    value = statement.get(name)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise InvalidPolicyError(f"{name} is {value!r}: write a text or a list of texts")
    return texts


@lru_cache(maxsize=1024)
def like(pattern: str) -> re.Pattern[str]:
    """What an IAM pattern with `*` and `?` matches."""
    text = "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in pattern)
    return re.compile(text, re.DOTALL)
