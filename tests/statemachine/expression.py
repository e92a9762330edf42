"""The JSONata of a state machine: a field as it is written comes in, with the variables of a state;
its value leaves.

`jsonata` is the evaluator of the local cloud (ministack brings it), so what the emulator shows of a
machine holds here. Nothing is evaluated twice that is only a name.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonata import Jsonata  # type: ignore[import-untyped]

_EXPRESSION = re.compile(r"\{%\s*(.*?)\s*%\}", re.DOTALL)
_NAME = re.compile(r"\$([A-Za-z]\w*)((?:\.[A-Za-z]\w*)*)")
_MISSING = object()


class NothingFound(Exception):  # noqa: N818 - Step Functions' QueryEvaluationError, a failed state
    """An expression has no value."""


def value_of(written: Any, variables: Mapping[str, object]) -> Any:
    """Of a text, a mapping or a list, all expressions in it evaluated."""
    if isinstance(written, Mapping):
        return {name: value_of(one, variables) for name, one in written.items()}
    if isinstance(written, list):
        return [value_of(one, variables) for one in written]
    if isinstance(written, str) and (found := _EXPRESSION.fullmatch(written)):
        return _evaluated(found[1], variables)
    return written


def _evaluated(expression: str, variables: Mapping[str, object]) -> Any:
    name = _NAME.fullmatch(expression)
    value = _looked_up(name[1], name[2], variables) if name else _MISSING
    if value is _MISSING and (value := by_evaluator(expression, variables)) is None:
        raise NothingFound(expression)
    return value


def _looked_up(first: str, rest: str, variables: Mapping[str, object]) -> object:
    """A path through mappings means the same everywhere, and a null at its end is null; any other
    is for the evaluator.
    """
    value = variables.get(first, _MISSING)
    for name in filter(None, rest.split(".")):
        if not isinstance(value, Mapping) or name not in value:
            return _MISSING
        value = value[name]
    return _MISSING if isinstance(value, list) else value


def by_evaluator(expression: str, variables: Mapping[str, object]) -> Any:
    """Its value, or None where it has none."""
    parsed = _parsed(expression)
    Jsonata.CURRENT.jsonata = parsed  # `$millis` takes its time from there: else of the last parsed
    frame = parsed.create_frame()
    for name, value in variables.items():
        frame.bind(name, value)
    return parsed.evaluate(None, frame)


@cache
def _parsed(expression: str) -> Jsonata:
    return Jsonata(expression)
