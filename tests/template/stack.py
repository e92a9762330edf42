"""template.yaml as the tests read it: parsed, with its intrinsic functions as plain mappings."""

from functools import cache
from typing import Any

import yaml

from tests.local.endpoints import ROOT

TEMPLATE = ROOT / "template.yaml"
STOPS = ("metering", "forwarder", "reconciliation", "authorizer", "replay", "audit")


class Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's tags."""


def _intrinsic(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _intrinsic)


@cache
def template() -> dict[str, Any]:
    """The whole template."""
    found: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=Loader)  # noqa: S506 - a SafeLoader
    return found


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one type, by logical id."""
    return {
        name: resource
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def functions() -> dict[str, dict[str, Any]]:
    """Our own functions: those with a handler of this repository."""
    return {
        name: function
        for name, function in resources("AWS::Serverless::Function").items()
        if function["Properties"]["Handler"].startswith("functions.")
    }


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    """What a function's own role may do; one under a condition as if it were met."""
    role = template()["Resources"][function["Properties"]["Role"]["Fn::GetAtt"].split(".")[0]]
    return [
        statement["Fn::If"][1] if "Fn::If" in statement else statement
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def variables(function: dict[str, Any]) -> dict[str, Any]:
    """A function's own environment variables."""
    found: dict[str, Any] = function["Properties"]["Environment"]["Variables"]
    return found


def timeout(function: dict[str, Any]) -> int:
    """A function's timeout, seconds."""
    default = template()["Globals"]["Function"]["Timeout"]
    return int(function["Properties"].get("Timeout", default))


def most(value: Any) -> int:
    """A number of the template, or the greatest that its parameter may be."""
    return int(_parameter(value, "MaxValue"))


def default(value: Any) -> int:
    """A number of the template, or what its parameter is by default."""
    return int(_parameter(value, "Default"))


def found_in_map(value: Any, chosen: str = "") -> Any:
    """A value of the template, or what it finds in a map: by its parameter's default, unless one is
    `chosen`.
    """
    if not isinstance(value, dict):
        return value
    name, *places = value["Fn::FindInMap"]
    found = template()["Mappings"][name]
    for place in places:
        is_open = isinstance(place, dict)
        found = found[(chosen if is_open else "") or _parameter(place, "Default")]
    return found


def _parameter(value: Any, what: str) -> Any:
    return template()["Parameters"][value["Ref"]][what] if isinstance(value, dict) else value
