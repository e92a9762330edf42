"""CloudFormation intrinsics: a piece of a processed template comes in, plain data leaves. Pure.

Knows Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split, Fn::If with Fn::Equals, Fn::And,
Fn::Or, Fn::Not and Condition, Fn::FindInMap and AWS::NoValue: what a stage, an API body or a
gateway response may hold.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

NO_VALUE: Final = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class UnresolvedError(ValueError):
    """A reference that the deployed stack does not explain; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What names mean: `references` for Ref (parameters, pseudo parameters, physical ids)."""

    references: Mapping[str, Any]
    attribute: Callable[[str, str], Any]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every intrinsic replaced. Raises UnresolvedError naming what is unknown."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](argument, scope)
        resolved = {key: resolve(item, scope) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [resolve(item, scope) for item in value]
        return [item for item in items if item is not NO_VALUE]
    return value


def holds(condition: Any, scope: Scope) -> bool:
    """Whether a condition, by name or written out, is true."""
    if isinstance(condition, str):
        if condition not in scope.conditions:
            raise UnresolvedError(f"condition {condition} is not in the template")
        return holds(scope.conditions[condition], scope)
    ((name, argument),) = condition.items()
    if name == "Condition":
        return holds(argument, scope)
    if name == "Fn::Equals":
        left, right = (resolve(side, scope) for side in argument)
        return str(left) == str(right)
    if name == "Fn::Not":
        return not holds(argument[0], scope)
    if name in {"Fn::And", "Fn::Or"}:
        answers = [holds(part, scope) for part in argument]
        return all(answers) if name == "Fn::And" else any(answers)
    raise UnresolvedError(f"{name} is not a condition function that is known here")


def _ref(name: str, scope: Scope) -> Any:
    if name == "AWS::NoValue":
        return NO_VALUE
    if name not in scope.references:
        raise UnresolvedError(f"Ref {name} is neither a parameter nor a resource of the stack")
    return scope.references[name]


def _get_att(argument: Any, scope: Scope) -> Any:
    logical, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.attribute(logical, resolve(attribute, scope))


def _sub(argument: Any, scope: Scope) -> str:
    template, local = (argument, {}) if isinstance(argument, str) else argument
    names = {key: resolve(item, scope) for key, item in local.items()}

    def value_of(found: re.Match[str]) -> str:
        literal, name = found[1], found[2].strip()
        if literal:
            return "${" + name + "}"
        if name in names:
            return str(names[name])
        return str(_get_att(name, scope) if "." in name else _ref(name, scope))

    return _PLACEHOLDER.sub(value_of, template)


def _join(argument: Any, scope: Scope) -> str:
    separator, items = argument
    return str(separator).join(str(item) for item in resolve(items, scope))


def _select(argument: Any, scope: Scope) -> Any:
    index, items = (resolve(part, scope) for part in argument)
    return items[int(index)]


def _split(argument: Any, scope: Scope) -> list[str]:
    separator, text = (resolve(part, scope) for part in argument)
    return str(text).split(str(separator))


def _if(argument: Any, scope: Scope) -> Any:
    condition, yes, no = argument
    return resolve(yes if holds(condition, scope) else no, scope)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    name, top, second = (resolve(part, scope) for part in argument[:3])
    try:
        return scope.mappings[name][top][second]
    except KeyError as error:
        raise UnresolvedError(f"Fn::FindInMap {name}.{top}.{second}: no {error}") from error


_FUNCTIONS: Final[Mapping[str, Callable[[Any, Scope], Any]]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
}
