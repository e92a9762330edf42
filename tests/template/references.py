"""Which resources a page of the template names, and under which conditions.

In: the page as CloudFormation gets it. Out: each reference with what must hold for it to be read,
and the choices of parameters that decide this. What a rule of the template refuses is no choice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

type Choice = Mapping[str, str]
NAMED_IN_TEXT = re.compile(r"\$\{(\w+)(?:\.[\w.]+)?\}")


@dataclass(frozen=True)
class Reference:
    """One name of a resource, at a place that is read where all the guards hold."""

    place: str
    target: str
    guards: tuple[tuple[str, bool], ...]


def references(page: Mapping[str, Any]) -> Iterator[Reference]:
    """All of them, in resources and in outputs."""
    for part in ("Resources", "Outputs"):
        for name, one in page[part].items():
            own = ((one["Condition"], True),) if "Condition" in one else ()
            known = {key: value for key, value in one.items() if key != "Condition"}
            for target, guards in _named(known, own):
                if target in page["Resources"]:
                    yield Reference(name, target, guards)


def _named(
    value: Any, guards: tuple[tuple[str, bool], ...]
) -> Iterator[tuple[str, tuple[tuple[str, bool], ...]]]:
    if isinstance(value, list):
        for one in value:
            yield from _named(one, guards)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key == "Fn::If":
            condition, yes, no = inner
            yield from _named(yes, (*guards, (condition, True)))
            yield from _named(no, (*guards, (condition, False)))
            continue
        for name in _directly(key, inner):
            yield name, guards
        yield from _named(inner, guards)


def _directly(key: str, inner: Any) -> list[str]:
    if key == "Ref":
        return [inner]
    if key == "Fn::GetAtt":
        return [inner.split(".")[0] if isinstance(inner, str) else inner[0]]
    if key == "Fn::Sub":
        text, own = (inner, {}) if isinstance(inner, str) else inner
        return [name for name in NAMED_IN_TEXT.findall(text) if name not in own]
    return []


def choices(page: Mapping[str, Any], conditions: set[str]) -> Iterator[Choice]:
    """Every choice of the parameters that decide the conditions, but for what a rule refuses."""
    asked = set[str]()
    for name in conditions:
        asked |= _parameters(page, page["Conditions"][name])
    decided = [rule for rule in page["Rules"].values() if _parameters(page, rule) <= asked]
    values = {name: sorted(_values(page, name)) for name in sorted(asked)}
    for chosen in product(*values.values()):
        choice = dict(zip(values, chosen, strict=True))
        if all(_allowed(page, rule, choice) for rule in decided):
            yield choice


def _parameters(page: Mapping[str, Any], value: Any) -> set[str]:
    if isinstance(value, list):
        return set[str]().union(*(_parameters(page, one) for one in value))
    if not isinstance(value, dict):
        return set()
    found = set[str]()
    for key, inner in value.items():
        if key == "Ref":
            found.add(inner)
        elif key == "Condition":
            found |= _parameters(page, page["Conditions"][inner])
        else:
            found |= _parameters(page, inner)
    return found


def _values(page: Mapping[str, Any], parameter: str) -> set[str]:
    """What it is compared with anywhere, and something else."""
    compared = set(_compared([*page["Conditions"].values(), *page["Rules"].values()], parameter))
    allowed = {str(one) for one in page["Parameters"][parameter].get("AllowedValues", ["other"])}
    other = sorted(allowed - compared)
    return compared | set(other[:1])


def _compared(value: Any, parameter: str) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _compared(one, parameter)
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Fn::Equals" and inner[0] == {"Ref": parameter}:
                yield str(inner[1])
            yield from _compared(inner, parameter)


def _allowed(page: Mapping[str, Any], rule: Mapping[str, Any], choice: Choice) -> bool:
    return not holds(page, rule["RuleCondition"], choice) or all(
        holds(page, one["Assert"], choice) for one in rule["Assertions"]
    )


def holds(page: Mapping[str, Any], value: Any, choice: Choice) -> bool:
    """Whether a condition, by its name or written out, holds with these parameters."""
    if isinstance(value, str):
        return holds(page, page["Conditions"][value], choice)
    ((key, inner),) = value.items()
    if key == "Condition":
        return holds(page, inner, choice)
    if key == "Fn::Equals":
        return choice[inner[0]["Ref"]] == str(inner[1])
    if key == "Fn::Contains":
        return str(inner[1]) in choice[inner[0]["Ref"]].split(",")
    if key == "Fn::Not":
        return not holds(page, inner[0], choice)
    joined = {"Fn::And": all, "Fn::Or": any}[key]
    return joined(holds(page, one, choice) for one in inner)
