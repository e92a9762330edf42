"""`python -m tests.template.configured > tests/template/configured.txt`: what resources are set to.

The transformed template comes in, with every condition met; a line for each value leaves: resource,
property, value; a parameter's name stands for its value, and its default has a line of its own.
What the other tables and pages have is left out: rights, alarms' thresholds, the dashboard, the
demo API's methods, and texts for people.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.template.stack import template
from tests.template.test_two_stacks import EVERYTHING
from tests.template.transformed import deployed_stack

TABLE = Path(__file__).with_name("configured.txt")
# Told elsewhere, or made anew by each deploy.
LEFT_OUT = {
    "AWS::CloudWatch::Dashboard",
    "AWS::ApiGateway::Deployment",
    "AWS::Lambda::Version",
    "AWS::CloudWatch::CompositeAlarm",
}
RIGHTS = {"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
# Of an alarm all but where it leads is in thresholds.txt.
ALARM = {"AlarmActions", "OKActions", "InsufficientDataActions", "ActionsEnabled"}
_LOOKED_UP = re.compile(r"'Fn::FindInMap': \[[^\]]*'Ref': '(\w+)'")
TEXTS = {"Description", "GroupDescription", "AlarmDescription", "Code", "Content", "Tags", "paths"}


def table() -> str:
    """Sorted, so that a new setting is one new line."""
    found = deployed_stack(**{**_names_for_values(), **EVERYTHING})
    rows = sorted(
        [(name, path, text) for name, one in found.items() for path, text in _settings(one)]
        + [("parameter", name, _default(one)) for name, one in template()["Parameters"].items()]
    )
    width = min(70, max(len(f"{name} {path}") for name, path, _ in rows))
    lines = (f"{f'{name} {path}':<{width}}  {text}" for name, path, text in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _names_for_values() -> dict[str, str]:
    """Of the parameters that decide nothing: two that have one default would look alike."""
    page = template()
    looked_up = {*_LOOKED_UP.findall(str(page["Resources"]))}
    return {
        name: f"<{name}>"
        for name in page["Parameters"]
        if name not in looked_up and f"'{name}'" not in str(page["Conditions"])
    }


def _default(parameter: Mapping[str, Any]) -> str:
    return str(parameter.get("Default", "(must be given)"))


def _settings(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind, properties = resource["Type"], resource.get("Properties", {})
    if kind in LEFT_OUT:
        return
    for name in ("DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "DependsOn"):
        if name in resource:
            yield from _leaves(resource[name], name)
    for path, text in _leaves(properties, ""):
        parts = path.split(".")
        is_right = kind in RIGHTS and parts[0] in {"Policies", "PolicyDocument"}
        is_threshold = kind == "AWS::CloudWatch::Alarm" and parts[0] not in ALARM
        # Of a right the table of rights tells all but its conditions.
        is_told = is_threshold or (is_right and "Condition" not in parts)
        if not is_told and not TEXTS & set(parts):
            yield path, text


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and not _is_reference(value):
        for name, one in value.items():
            yield from _leaves(one, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        for number, one in enumerate(value):
            yield from _leaves(one, f"{path}.{number}")
    elif isinstance(value, list):
        yield path, " ".join(map(str, value))
    else:
        yield path, _text(value)


def _is_reference(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in {"Ref", "Fn::GetAtt"}


def _text(value: Any) -> str:
    """A reference as the template writes it."""
    if isinstance(value, Mapping):
        ((_, named),) = value.items()
        return f"!{named if isinstance(named, str) else '.'.join(named)}"
    return " ".join(str(value).split())


if __name__ == "__main__":
    sys.stdout.write(table())
