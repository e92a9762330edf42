"""What a Lambda authorizer returned: its JSON comes in, principal, policy and context leave. Pure.

Shape and rules: developer guide, api-gateway-lambda-authorizer-output. Context values become text;
objects and lists are refused, as API Gateway refuses them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class InvalidAnswerError(ValueError):
    """Not an authorizer's answer; the message names the field and the fix."""


@dataclass(frozen=True, kw_only=True)
class AuthorizerAnswer:
    """A valid answer; `usage_key` is the API key that the caller's use is charged to."""

    principal_id: str | None
    policy: Mapping[str, Any]
    context: Mapping[str, str]
    usage_key: str | None
    text: str


def read_answer(payload: bytes) -> AuthorizerAnswer:
    """The answer in a function's payload. Raises InvalidAnswerError."""
    text = payload.decode(errors="replace")
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise InvalidAnswerError("the answer is not JSON") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("policyDocument"), dict):
        raise InvalidAnswerError("policyDocument is missing: return an IAM policy")
    return AuthorizerAnswer(
        principal_id=_text(answer, "principalId"),
        policy=answer["policyDocument"],
        context=_context(answer.get("context")),
        usage_key=_text(answer, "usageIdentifierKey"),
        text=text,
    )


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidAnswerError(f"{name} is not a text: return a string")
    return value


def _context(context: Any) -> dict[str, str]:
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise InvalidAnswerError("context is not an object: return a flat map")
    return {
        name: _context_text(name, value) for name, value in context.items() if value is not None
    }


def _context_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidAnswerError(f"context.{name} is not a text, number or boolean: make it one")
