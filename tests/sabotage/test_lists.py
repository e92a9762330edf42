"""The lists of sabotages still fit the tree: a change of the code that they speak of is noticed by
CI, and not by a nightly run.
"""

import ast
from collections import Counter

import pytest
import yaml

from tests.local.endpoints import ROOT
from tests.sabotage.every import every_sabotage
from tests.sabotage.sabotage import Sabotage
from tests.template.stack import Loader

SABOTAGES = every_sabotage()
MOST_LINES = 3  # two effects that change places

each = pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda one: one.name.replace(" ", "-"))


def _meaning(file: str, text: str) -> object:
    """What a file says, whatever its layout and its comments."""
    if file.endswith(".py"):
        return ast.dump(ast.parse(text))
    if file.endswith(".yaml"):
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a SafeLoader
    return text


@each
def test_a_sabotage_stands_once_and_the_file_still_parses(sabotage: Sabotage) -> None:
    """What does not parse would be caught by any test, and what changes nothing by none."""
    text = (ROOT / sabotage.file).read_text()
    changed = sabotage.applied(text)
    assert _meaning(sabotage.file, changed) != _meaning(sabotage.file, text)


@each
def test_a_sabotage_is_a_line_that_a_hurried_person_could_write(sabotage: Sabotage) -> None:
    """Not another design."""
    assert 0 < sabotage.old.count("\n") + 1 <= MOST_LINES
    assert sabotage.new.count("\n") + 1 <= MOST_LINES


@each
def test_what_catches_it_exists(sabotage: Sabotage) -> None:
    """A test that was renamed would break the run: pytest does not find it."""
    assert sabotage.caught_by
    for argument in sabotage.caught_by:
        path, *names = argument.split("::")
        assert (ROOT / path).exists(), argument
        if names:
            tests = {
                node.name
                for node in ast.walk(ast.parse((ROOT / path).read_text()))
                if isinstance(node, ast.FunctionDef | ast.ClassDef)
            }
            assert names[-1].partition("[")[0] in tests, argument


def test_names_are_unique() -> None:
    """The table names each sabotage by its name alone."""
    assert [
        name for name, times in Counter(one.name for one in SABOTAGES).items() if times > 1
    ] == []
