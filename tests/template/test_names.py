"""One name, one thing: of classes, of modules, and none of the words that are gone."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.local.endpoints import ROOT

MODULES = sorted(page for page in ROOT.glob("functions/**/*.py") if page.name != "__init__.py")
# Names that mean the same wherever they stand. Whoever adds one says what it means.
SAME_CLASS = {
    "Wired": "what one handler keeps as long as its process lives",
}
SAME_MODULE = {
    "handler": "AWS Lambda's entry point of a stop",
    "settings": "what a function reads from its environment",
    "heartbeats": "what a stop does with heartbeats",
    "inbox": "what the bodies of a stop's queue say",
    "source": "one kind of log, read into requests",
}
# Names of earlier designs: the glossary in docs/explanation/architecture.md has those of today.
OLD_WORDS = re.compile(
    r"unforwarded|unreconciled|(?<![a-z])parked|doubtful_?since|moulds?|parcels?", re.IGNORECASE
)


def twice(places: dict[str, list[str]], known: dict[str, str]) -> dict[str, list[str]]:
    """The names that stand in two places, and are not known to mean one thing."""
    return {name: found for name, found in places.items() if len(found) > 1 and name not in known}


def test_no_class_name_means_two_things() -> None:
    """Whoever searches for one finds it."""
    places = defaultdict(list)
    for page in MODULES:
        for node in ast.walk(ast.parse(page.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(page.relative_to(ROOT)))
    assert twice(places, SAME_CLASS) == {}
    assert twice(places, {}).keys() == SAME_CLASS.keys()


def test_no_module_name_means_two_things() -> None:
    """An import says which stop it is of, a traceback and a tab of the editor do not."""
    places = defaultdict(list)
    for page in MODULES:
        places[page.stem].append(str(page.parent.relative_to(ROOT)))
    assert twice(places, SAME_MODULE) == {}
    assert twice(places, {}).keys() == SAME_MODULE.keys()


def pages() -> list[Path]:
    """What a reader of the product reads; sources, decisions and the changelog tell of the past."""
    found = [ROOT / "template.yaml", ROOT / "README.md", *ROOT.glob("statemachine/*")]
    found += [page for page in ROOT.glob("functions/**/*") if page.suffix in {".py", ".lua"}]
    found += [
        page
        for page in ROOT.glob("docs/**/*.md")
        if not {"sources", "decisions"} & set(page.relative_to(ROOT).parts)
    ]
    return sorted(found)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_uses_a_word_that_is_gone(page: Path) -> None:
    """In its name or its text: two words for one thing are two things to a reader."""
    name = str(page.relative_to(ROOT))
    assert set(OLD_WORDS.findall(f"{name}\n{page.read_text()}")) == set()
