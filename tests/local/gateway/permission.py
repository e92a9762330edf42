"""Whether a Lambda function's own policy lets an API call it: two ARNs come in, yes or no leaves.

Policies are kept until `look_again`, so that a call costs none of its own; a refusal is always by
the policy of now (Lambda developer guide, "Granting access to other AWS services").
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.local.gateway.policy import like

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CALLER = "apigateway.amazonaws.com"
ACTIONS = ("lambda:InvokeFunction", "lambda:*", "*")
SOURCE_ARN, SOURCE_ACCOUNT = "aws:sourcearn", "aws:sourceaccount"

type Statements = tuple[Mapping[str, Any], ...]


class Permissions:
    """The policies of functions, by qualified ARN."""

    def __init__(self, client: "LambdaClient") -> None:
        self._client = client
        self._known: dict[str, Statements] = {}

    def allow(self, function_arn: str, source_arn: str) -> bool:
        """Whether API Gateway may call the function for this method or authorizer."""
        known = self._known.get(function_arn, ())
        if any(permits(statement, source_arn) for statement in known):
            return True
        now = self._known[function_arn] = self._read(function_arn)
        return any(permits(statement, source_arn) for statement in now)

    def look_again(self) -> None:
        """Read every policy again that was asked for so far."""
        for arn in list(self._known):
            self._known[arn] = self._read(arn)

    def _read(self, function_arn: str) -> Statements:
        try:
            policy = json.loads(self._client.get_policy(FunctionName=function_arn)["Policy"])
        except ClientError as error:  # `client.exceptions` is made lazily, and not thread-safe
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return ()
        # ministack answers for a function without qualifier what was given to its aliases, too.
        return tuple(
            part for part in policy["Statement"] if part.get("Resource") in {None, function_arn}
        )


def permits(statement: Mapping[str, Any], source_arn: str) -> bool:
    """Whether one statement of a function's policy lets API Gateway call for `source_arn`."""
    principal = statement.get("Principal")
    callers = principal.get("Service") if isinstance(principal, Mapping) else principal
    return (
        statement.get("Effect") == "Allow"
        and any(caller in {CALLER, "*"} for caller in _listed(callers))
        and any(action in ACTIONS for action in _listed(statement.get("Action")))
        and all(
            _holds(name.lower(), _listed(wanted), source_arn)
            for keys in statement.get("Condition", {}).values()
            for name, wanted in keys.items()
        )
    )


def _holds(name: str, wanted: Iterable[str], source_arn: str) -> bool:
    if name == SOURCE_ARN:
        return any(like(pattern).fullmatch(source_arn) for pattern in wanted)
    if name == SOURCE_ACCOUNT:
        return source_arn.split(":")[4] in wanted
    return False  # no other key is there when an API calls


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
