"""The replay state machine as a document: read, and filled in for the emulator."""

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
    """Every state that calls something."""
    return {name: state for name, state in states().items() if state["Type"] == "Task"}


def functions_of(state: Mapping[str, Any]) -> set[str]:
    """The functions that a state may call, by their logical ids in the template."""
    name = state.get("Arguments", {}).get("FunctionName", "")
    return {found.removesuffix("Arn") for found in _SUBSTITUTION.findall(name)}


def substitutions() -> set[str]:
    return set(_SUBSTITUTION.findall(text()))


def targets(state: Mapping[str, Any]) -> set[str]:
    """Every state that may follow."""
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    found = {state.get("Next"), state.get("Default"), *(branch["Next"] for branch in branches)}
    return {name for name in found if name}


def filled_in(values: Mapping[str, str]) -> dict[str, Any]:
    """The definition as AWS would hold it."""
    definition = _SUBSTITUTION.sub(lambda found: values[found[1]], text())
    parsed: dict[str, Any] = yaml.safe_load(definition)
    return parsed


def broken_at(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """The definition with one task that calls what is not there."""
    state = definition["States"][name]
    place = next(iter(state["Arguments"]))  # FunctionName and TopicArn come first
    value: str = state["Arguments"][place]
    gone = value.replace("%}", "& '-gone' %}").replace("' :", "-gone' :")
    arguments = {**state["Arguments"], place: gone if "%}" in value else f"{value}-gone"}
    broken = {**definition["States"], name: {**state, "Arguments": arguments}}
    return {**definition, "States": broken}
