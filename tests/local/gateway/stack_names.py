"""What names mean in a deployed stack: its parameters, physical ids and ARNs, as a `Scope`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.local.gateway.intrinsics import Scope, UnresolvedError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def read_scope(
    formation: "CloudFormationClient", stack_name: str, template: Mapping[str, Any]
) -> Scope:
    """The scope of a processed template. A resource that was not created has no name in it."""
    stack = formation.describe_stacks(StackName=stack_name)["Stacks"][0]
    _, partition, _, region, account, _ = stack["StackId"].split(":", 5)
    references: dict[str, Any] = {
        "AWS::StackName": stack_name,
        "AWS::StackId": stack["StackId"],
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::URLSuffix": "amazonaws.com",
        **{
            entry["ParameterKey"]: entry.get("ResolvedValue", entry.get("ParameterValue", ""))
            for entry in stack.get("Parameters", [])
        },
        **_physical_ids(formation, stack_name),
    }
    types = {name: body["Type"] for name, body in template["Resources"].items()}

    def attribute(logical: str, name: str) -> str:
        return _arn(types.get(logical, ""), name, references, logical)

    return Scope(
        references=references,
        attribute=attribute,
        conditions=template.get("Conditions", {}),
        mappings=template.get("Mappings", {}),
    )


def _physical_ids(formation: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    return {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
        if entry.get("PhysicalResourceId")
    }


def _arn(kind: str, name: str, references: Mapping[str, Any], logical: str) -> str:
    """GetAtt of the resources that stages and API bodies refer to."""
    physical = references.get(logical)
    if physical is None:
        raise UnresolvedError(f"Fn::GetAtt {logical}.{name}: no such resource in the stack")
    place = f"{references['AWS::Region']}:{references['AWS::AccountId']}"
    if name == "Arn" and kind == "AWS::Lambda::Function":
        return f"arn:{references['AWS::Partition']}:lambda:{place}:function:{physical}"
    if name == "Arn" and kind == "AWS::Logs::LogGroup":
        return f"arn:{references['AWS::Partition']}:logs:{place}:log-group:{physical}:*"
    raise UnresolvedError(f"Fn::GetAtt {logical}.{name} ({kind}) is not known to this gateway")
