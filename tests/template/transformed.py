"""The template as CloudFormation gets it: SAM's own roles, permissions and schedules beside ours.

`deployed_stack` resolves it further, for one account, Region and stack: conditions are decided and
texts are made, and what only a deploy knows (`Ref` and `GetAtt` of a resource) stays as it is.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from tests.template.stack import template

NO_VALUE = {"Ref": "AWS::NoValue"}
ACCOUNT = "123456789012"


@cache
def _transformed(region: str) -> str:
    page = json.loads(json.dumps(template()))
    del page["Metadata"]
    page["Globals"]["Function"].pop("CodeUri")
    for resource in page["Resources"].values():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::Serverless::Function" and "InlineCode" not in properties:
            properties["CodeUri"] = "s3://bucket/code"
        if kind == "AWS::Serverless::StateMachine":
            properties["DefinitionUri"] = "s3://bucket/definition"
    # No names of managed policies: SAM would ask IAM for them, and ours are all named by their ARN.
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    return json.dumps(translator.translate(page, {}))


def transformed(region: str = "us-east-1") -> dict[str, Any]:
    """The whole template without SAM, its functions unresolved."""
    found: dict[str, Any] = json.loads(_transformed(region))
    return found


def deployed_stack(
    stack: str = "aforo-metering", *, region: str = "us-east-1", **parameters: str
) -> dict[str, dict[str, Any]]:
    """The resources of one stack, by logical id; none that a condition leaves out."""
    page = transformed(region)
    return _Resolving(page, _values(page, stack, region, parameters)).resources()


def _values(
    page: Mapping[str, Any], stack: str, region: str, parameters: Mapping[str, str]
) -> dict[str, Any]:
    partition = boto3.Session().get_partition_for_region(region)
    arn = f"arn:{partition}:cloudformation:{region}:{ACCOUNT}"
    managed = {
        name: f"arn:{partition}:iam::{ACCOUNT}:policy/{name}"
        for name, one in page["Resources"].items()
        if one["Type"] == "AWS::IAM::ManagedPolicy"
    }
    return {
        **managed,
        **{name: one.get("Default", "acme") for name, one in page["Parameters"].items()},
        "AWS::AccountId": ACCOUNT,
        "AWS::Region": region,
        "AWS::Partition": partition,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        "AWS::StackName": stack,
        "AWS::StackId": f"{arn}:stack/{stack}/{uuid5(NAMESPACE_OID, stack)}",
        **parameters,
    }


class _Resolving:
    """CloudFormation's intrinsic functions, as far as this template uses them."""

    def __init__(self, page: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self._page = page
        self._values = values
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": lambda name: values.get(name, {"Ref": name}),
            "Condition": self._holds,
            "Fn::If": self._if,
            "Fn::Not": lambda one: not self._resolve(one[0]),
            "Fn::And": lambda all_of: all(self._resolve(all_of)),
            "Fn::Or": lambda any_of: any(self._resolve(any_of)),
            "Fn::Equals": lambda pair: self._resolve(pair[0]) == self._resolve(pair[1]),
            "Fn::Sub": self._substituted,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find,
            "Fn::GetAtt": lambda to: {
                "Fn::GetAtt": to.split(".", 1) if isinstance(to, str) else to
            },
        }

    def resources(self) -> dict[str, dict[str, Any]]:
        return {
            name: self._resolve(resource)
            for name, resource in self._page["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    def _holds(self, name: str) -> bool:
        return bool(self._resolve(self._page["Conditions"][name]))

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [found for one in value if (found := self._resolve(one)) != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._functions and not isinstance(argument, dict):
                return self._functions[name](argument)
        found = {name: self._resolve(one) for name, one in value.items()}
        return {name: one for name, one in found.items() if one != NO_VALUE}

    def _if(self, argument: list[Any]) -> Any:
        condition, yes, no = argument
        return self._resolve(yes if self._holds(condition) else no)

    def _select(self, argument: list[Any]) -> Any:
        index, items = argument
        return self._resolve(items)[int(index)]

    def _split(self, argument: list[Any]) -> list[str]:
        separator, text = argument
        return str(self._resolve(text)).split(separator)

    def _find(self, argument: list[Any]) -> Any:
        name, first, second = argument
        return self._page["Mappings"][name][self._resolve(first)][self._resolve(second)]

    def _substituted(self, given: str | list[Any]) -> str:
        text, own = given if isinstance(given, list) else (given, {})
        values = {**self._values, **{name: self._resolve(one) for name, one in own.items()}}
        return re.sub(r"\$\{([\w:.]+)\}", lambda m: str(values.get(m[1], m[0])), text)
