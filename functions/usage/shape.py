"""Validators for the JSON that crosses process boundaries, made once per type.

A TypedDict costs a third of a model per event (performance.md 3), and `ReadOnly` lets the type
checker freeze it. pydantic warns that it does not freeze at run time; that is what we want.
"""

import warnings

from pydantic import TypeAdapter


def shape_of[T](kind: type[T]) -> TypeAdapter[T]:
    """The validator of a TypedDict whose items are read-only."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*`ReadOnly` qualifier", category=UserWarning)
        return TypeAdapter(kind)
