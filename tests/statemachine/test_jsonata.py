"""What the emulator takes and AWS does not, or what breaks in the reading, in every machine."""

import re
from pathlib import Path

import pytest
import yaml

FILES = sorted((Path(__file__).parents[2] / "statemachine").glob("*.asl.yaml"))
of_every_machine = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def test_both_machines_are_looked_at() -> None:
    """A new one is by being there."""
    assert {"replay.asl.yaml", "reconcile.asl.yaml"} <= {file.name for file in FILES}


@of_every_machine
def test_no_jsonata_that_aws_does_not_have(file: Path) -> None:
    """The emulator takes more than AWS does."""
    expressions = re.findall(r"\{%(.*?)%\}", file.read_text(encoding="utf-8"), re.DOTALL)
    assert expressions
    for expression in expressions:
        assert not re.search(r"\?\?|\?:|\$eval\b", expression)


@of_every_machine
def test_variables_do_not_shadow_functions(file: Path) -> None:
    """`$count` as a variable breaks `$count()` everywhere after it."""
    text = file.read_text(encoding="utf-8")
    functions = set(re.findall(r"\$(\w+)\(", text))
    assigned = {
        variable
        for state in yaml.safe_load(text)["States"].values()
        for part in [state, *state.get("Choices", []), *state.get("Catch", [])]
        for variable in part.get("Assign", {})
    }
    assert assigned
    assert not functions & assigned
