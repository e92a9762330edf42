"""Every model of the tree that has other names outside than inside."""

import json
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import pytest
from pydantic import BaseModel, ValidationError

import functions
from functions.usage.from_outside import FromOutside

# It is the command itself.
NOT_IMPORTED = {"functions.operator.__main__"}
# No field takes it.
NOTHING: dict[str, list[dict[str, str]]] = {"?": [{}]}


def below(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def aliased() -> list[tuple[type[BaseModel], str, str]]:
    for module in walk_packages(functions.__path__, "functions."):
        if module.name not in NOT_IMPORTED:
            import_module(module.name)
    kinds = {kind for kind in below(BaseModel) if kind.__module__.startswith("functions.")}
    found = [
        (kind, name, field.alias)
        for kind in kinds
        for name, field in kind.model_fields.items()
        if field.alias is not None and field.alias != name
    ]
    return sorted(found, key=lambda one: (one[0].__module__, one[0].__name__, one[1]))


FIELDS = aliased()


def tells(kind: type[BaseModel], name: str, alias: str) -> bool:
    """Whether somebody hears of a value under the attribute's name."""
    try:
        kind.model_validate_json(json.dumps({name: NOTHING}))
    except ValidationError as error:
        faults = error.errors(include_url=False)
        return any(
            f"{name} is no name here" in fault["msg"]
            or (fault["type"] != "missing" and bool({name, alias} & set(fault["loc"])))
            for fault in faults
        )
    return False


def test_there_are_such_models() -> None:
    """A search that finds none would let every model pass."""
    assert len({kind for kind, _, _ in FIELDS}) >= 20


@pytest.mark.parametrize(
    ("kind", "name", "alias"), FIELDS, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_no_model_drops_a_name_that_is_spelt_as_its_attribute(
    kind: type[BaseModel], name: str, alias: str
) -> None:
    """It is refused, or read as what it says: dropped, it would silently mean the default."""
    assert tells(kind, name, alias)


def test_a_model_that_drops_it_is_found() -> None:
    """Pydantic's own way with JSON: where it mends that, the shared piece can go."""

    class Trap(BaseModel):
        model_config = FromOutside.model_config

        dry_run: bool = True

    assert not tells(Trap, "dry_run", "dryRun")
    assert Trap.model_validate_json('{"dry_run": false}').dry_run


def test_a_misspelt_name_is_refused() -> None:
    """Dropped, it would silently mean the default."""

    class Given(FromOutside):
        most_messages: int = 10

    assert Given.model_validate_json('{"mostMessages": 3}').most_messages == 3
    for name in ("mostMesages", "most_messages"):
        with pytest.raises(ValidationError):
            Given.model_validate_json(json.dumps({name: 3}))
