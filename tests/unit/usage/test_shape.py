"""Validators of TypedDicts whose items are read-only."""

import warnings
from typing import ReadOnly, TypedDict

import pytest
from pydantic import ValidationError

from functions.usage.shape import shape_of


class Frozen(TypedDict):
    """As our messages are."""

    name: ReadOnly[str]
    count: ReadOnly[int]


def test_it_says_nothing_of_read_only_items() -> None:
    """Pydantic warns that it freezes none of them; nobody who calls it can do anything about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shape = shape_of(Frozen)
    expected: Frozen = {"name": "a", "count": 1}
    assert shape.validate_json('{"name": "a", "count": 1}') == expected


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '{"name": "a"}', '{"name": "a", "count": "x"}', '{"count": 1}']
)
def test_what_has_another_shape_is_refused(text: str) -> None:
    """At the edge, once; nobody behind it looks again."""
    with pytest.raises(ValidationError):
        shape_of(Frozen).validate_json(text)
