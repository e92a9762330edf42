"""The account: the role with which API Gateway logs, room for functions, the stack's own state."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.operator.preflight.finding import Finding, error, ok, warning
from functions.operator.preflight.intended import Intended

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

# Forwarders beside everything else of the walk; new accounts begin with 10 in all.
CONCURRENCY_BESIDE_FORWARDERS = 40
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


def check_stack(cloudformation: "CloudFormationClient", intended: Intended) -> Iterator[Finding]:
    """The stack's name, and whether one that is there can be updated."""
    name = intended.stack
    if not _STACK_NAME.fullmatch(name):
        yield error(
            "stack", f"{name!r} is no name of a stack", "letters, digits and hyphens, at most 128"
        )
        return
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as fault:
        if fault.response["Error"]["Code"] != "ValidationError":
            raise
        yield ok("stack", f"{name} is new")
        return
    status = found["StackStatus"]
    if status == "ROLLBACK_COMPLETE":
        yield error(
            "stack", f"{name} failed at its first deploy", f"sam delete --stack-name {name}"
        )
    elif status.endswith("_IN_PROGRESS"):
        yield error("stack", f"{name} is being changed ({status})", "wait until it is done")
    else:
        yield ok("stack", f"{name} is there ({status}): it will be updated")


def check_account_role(gateway: "APIGatewayClient", intended: Intended) -> Iterator[Finding]:
    """API Gateway writes logs with one role of the account, whatever the API."""
    role = gateway.get_account().get("cloudwatchRoleArn", "")
    manages = intended.is_on("ManageApiGatewayAccount")
    if not role and not manages:
        yield error(
            "logging role",
            "API Gateway has no role to write logs with in this Region",
            "ManageApiGatewayAccount=true, if nobody else manages that setting of the account",
        )
    elif role and manages:
        yield warning(
            "logging role",
            f"ManageApiGatewayAccount=true replaces {role}",
            "leave it out: the role that is there serves every API",
        )
    else:
        yield ok("logging role", role or "will be made")


def check_concurrency(lambdas: "LambdaClient", intended: Intended) -> Iterator[Finding]:
    """An account's functions share one limit: at it, calls of the API are refused."""
    free = lambdas.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    needed = int(intended["ForwarderConcurrency"]) + CONCURRENCY_BESIDE_FORWARDERS
    if free < needed:
        yield warning(
            "Lambda concurrency",
            f"{free} for all functions; the authorizer alone takes one for each call that waits",
            "have `Concurrent executions` raised to 1,000 (Service Quotas, AWS Lambda)",
        )
    else:
        yield ok("Lambda concurrency", f"{free:,} unreserved")
