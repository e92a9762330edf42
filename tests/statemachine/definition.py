"""The replay state machine as a document: read, and filled in for the emulator."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "statemachine" / "replay.asl.yaml"
_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


def text() -> str:
    return FILE.read_text(encoding="utf-8")


def machine() -> dict[str, Any]:
    """The definition as parsed; substitutions stand as they are written."""
    parsed: dict[str, Any] = yaml.safe_load(text())
    return parsed


def states() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = machine()["States"]
    return found


def tasks() -> dict[str, dict[str, Any]]:
    """Every state that calls something, those inside a Map too."""
    every = dict(states())
    for state in states().values():
        every |= state.get("ItemProcessor", {}).get("States", {})
    return {name: state for name, state in every.items() if state["Type"] == "Task"}


def substitutions() -> set[str]:
    return set(_SUBSTITUTION.findall(text()))


def targets(state: Mapping[str, Any]) -> set[str]:
    """Every state that may follow."""
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    found = {state.get("Next"), state.get("Default"), *(branch["Next"] for branch in branches)}
    return {name for name in found if name}


def filled_in(values: Mapping[str, str], limits: Mapping[str, str]) -> str:
    """The JSON that AWS would hold, with some limits lowered so that a test reaches them."""
    definition = text()
    for limit, lowered in limits.items():
        assert definition.count(limit) == 1, f"{limit} is not what the machine says"
        definition = definition.replace(limit, lowered)
    definition = _SUBSTITUTION.sub(lambda found: values[found[1]], definition)
    return json.dumps(yaml.safe_load(definition))


def broken_at(name: str, definition: str) -> str:
    """The definition with one task, also one inside a Map, that calls what is not there."""
    found: dict[str, Any] = json.loads(definition)
    inner = [one["ItemProcessor"]["States"] for one in found["States"].values() if "Items" in one]
    for machine_states in (found["States"], *inner):
        if name in machine_states:
            _break(machine_states[name]["Arguments"])
    return json.dumps(found)


def _break(arguments: dict[str, Any]) -> None:
    if "MaxResults" in arguments:  # a list of nothing is no failure
        arguments["NextToken"] = "no token"
        return
    place = next(iter(arguments))  # FunctionName, QueueUrl, TopicArn and the like come first
    value: str = arguments[place]
    arguments[place] = value.replace("%}", "& '-gone' %}") if "%}" in value else f"{value}-gone"
