"""A state machine as a document: read, and filled in for the emulator. The replay's, unless another
file is named.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "statemachine"
FILE = FOLDER / "replay.asl.yaml"
AUDIT = FOLDER / "audit.asl.yaml"
_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


def text(file: Path = FILE) -> str:
    return file.read_text(encoding="utf-8")


def machine(file: Path = FILE) -> dict[str, Any]:
    """The definition as parsed; substitutions stand as they are written."""
    parsed: dict[str, Any] = yaml.safe_load(text(file))
    return parsed


def states(file: Path = FILE) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = machine(file)["States"]
    return found


def tasks(file: Path = FILE) -> dict[str, dict[str, Any]]:
    """Every state that calls something."""
    return {name: state for name, state in states(file).items() if state["Type"] == "Task"}


def functions_of(state: Mapping[str, Any]) -> set[str]:
    """The functions that a state may call, by their logical ids in the template."""
    name = state.get("Arguments", {}).get("FunctionName", "")
    return {found.removesuffix("Arn") for found in _SUBSTITUTION.findall(name)}


def substitutions(file: Path = FILE) -> set[str]:
    return set(_SUBSTITUTION.findall(text(file)))


def targets(state: Mapping[str, Any]) -> set[str]:
    """Every state that may follow."""
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    found = {state.get("Next"), state.get("Default"), *(branch["Next"] for branch in branches)}
    return {name for name in found if name}


def filled_in(values: Mapping[str, str], file: Path = FILE) -> dict[str, Any]:
    """The definition as AWS would hold it. Nobody changes it: all share one."""
    return _filled_in(tuple(sorted(values.items())), file)


@cache
def _filled_in(values: tuple[tuple[str, str], ...], file: Path) -> dict[str, Any]:
    """Read once: it costs 0.1 s, and each run of the simulation wants two."""
    known = dict(values)
    definition = _SUBSTITUTION.sub(lambda found: known[found[1]], text(file))
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


def held_at(definition: dict[str, Any], state: str, when: str) -> dict[str, Any]:
    """The definition with an endless wait before a state, if something is so."""
    all_states = definition["States"]
    holding = {
        state: {
            "Type": "Choice",
            "Choices": [{"Condition": f"{{% {when} %}}", "Next": "Held"}],
            "Default": f"{state} (after the stop)",
        },
        "Held": {"Type": "Wait", "Seconds": 1_000_000, "Next": f"{state} (after the stop)"},
        f"{state} (after the stop)": all_states[state],
    }
    return {**definition, "States": {**all_states, **holding}}
