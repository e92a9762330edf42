"""The runner tells what a test caught from what survived and from what broke the run."""

import subprocess
from pathlib import Path

import pytest

from tests.sabotage.sabotage import Sabotage
from tests.sabotage.tree import copy_tree, run_sabotaged, run_tests
from tests.sabotage.verdict import Tried, Verdict

SUM = "def total(one: int, other: int) -> int:\n    return one + other\n"
TESTS = """from product import total


def test_total() -> None:
    assert total(2, 2) == 4
"""
PATIENCE_SECONDS = 60.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one module and its test, one file that git does not know yet, and one that
    it ignores.
    """
    root = tmp_path / "project"
    root.mkdir()
    (root / "product.py").write_text(SUM)
    (root / "test_product.py").write_text(TESTS)
    (root / ".gitignore").write_text("ignored.py\n__pycache__/\n")
    (root / "ignored.py").write_text("")
    (root / ".venv").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "product.py"], cwd=root, check=True)
    return root


@pytest.fixture
def tree(project: Path, tmp_path: Path) -> Path:
    to = tmp_path / "copy"
    copy_tree(project, to)
    return to


def _sabotage(old: str, new: str) -> Sabotage:
    return Sabotage("a fault", "product.py", old, new, ("test_product.py",))


def test_a_copy_holds_the_working_tree_and_links_the_environments(tree: Path) -> None:
    """What is not committed is tried as well; what git ignores is not copied."""
    assert (tree / "product.py").read_text() == SUM
    assert (tree / "test_product.py").exists()
    assert not (tree / "ignored.py").exists()
    assert (tree / ".venv").is_symlink()


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("one + other", "one - other", Verdict.CAUGHT),
        ("one + other", "one * other", Verdict.SURVIVED),
        ("def total", "def totals", Verdict.BROKE),
    ],
)
def test_only_a_test_that_fails_is_a_catch(
    tree: Path, old: str, new: str, verdict: Verdict
) -> None:
    """A module that cannot be imported proves nothing about the tests."""
    sabotage = _sabotage(old, new)
    assert Tried(sabotage, run_sabotaged(tree, sabotage, PATIENCE_SECONDS)).verdict is verdict


def test_a_run_that_takes_too_long_is_no_catch(tree: Path) -> None:
    """It is ended, and told apart."""
    sabotage = _sabotage("return one + other", "while one: pass")
    assert Tried(sabotage, run_sabotaged(tree, sabotage, 2.0)).verdict is Verdict.TOO_SLOW


def test_a_tree_is_as_it_was_after_each_run(tree: Path) -> None:
    """Sabotages of one size within one second: bytecode of the one before would be taken for the
    next one's.
    """
    for new, status in (("one - other", 1), ("one * other", 0), ("one / other", 1)):
        ran = run_sabotaged(tree, _sabotage("one + other", new), PATIENCE_SECONDS)
        assert ran.status == status
        assert (tree / "product.py").read_text() == SUM
    assert run_tests(tree, ["test_product.py"], PATIENCE_SECONDS).status == 0


def test_what_does_not_stand_once_is_refused() -> None:
    """Nobody knows which of two places was meant, and a sabotage that is nowhere is caught by
    nothing.
    """
    for old in ("o", "nowhere"):
        with pytest.raises(ValueError, match=r"a fault: .* stands"):
            _sabotage(old, "x").applied(SUM)
