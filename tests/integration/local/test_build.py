"""`sam build` runs when something has changed that goes into an artifact, and only then."""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.local.deploy import DeployError, build

# Takes the options of `sam build`; `during` runs while it builds.
SAM = """#!/bin/sh
echo built >> builds
echo "sam says something"
{during}
mkdir -p "$3" && echo built > "$3/template.yaml"
"""


class Project:
    """A project as sam sees it, an hour old, with a sam that counts how often it is called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        sources = ("template.yaml", "Makefile", "uv.lock", "samconfig.toml")
        for name in (*sources, "statemachine/replay.asl.yaml", "functions/usage/event.py"):
            self.write(name, age_seconds=3600)
        for folder in ("functions/usage", "functions", "statemachine"):
            self.age(folder, 3600)
        self.sam("true")

    def sam(self, during: str) -> None:
        program = self.root / ".venv-sam" / "bin" / "sam"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(SAM.format(during=during))
        program.chmod(0o755)

    def write(self, name: str, *, age_seconds: float = -1) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("content")
        self.age(name, age_seconds)

    def age(self, name: str, seconds: float) -> None:
        moment = time.time() - seconds
        os.utime(self.root / name, (moment, moment))

    def build(self) -> bool:
        return build(self.root / "sam.log", self.root)

    @property
    def builds(self) -> int:
        return len((self.root / "builds").read_text().splitlines())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_what_has_not_changed_is_built_once(project: Project) -> None:
    """The second `make demo` of a day starts at once."""
    assert project.build()
    assert not project.build()
    assert project.builds == 1


@pytest.mark.parametrize(
    "name",
    [
        "template.yaml",
        "Makefile",
        "uv.lock",
        "samconfig.toml",
        "statemachine/replay.asl.yaml",
        "functions/usage/event.py",
        "functions/usage/new.py",
        "functions/reconciliation/counters/scripts/new.lua",
    ],
)
def test_what_goes_into_an_artifact_is_built_when_it_changes(project: Project, name: str) -> None:
    """Code, scripts, dependencies, the recipe and the template; files that are new, too."""
    project.build()
    project.write(name)
    assert project.build()


@pytest.mark.parametrize("name", ["README.md", "tests/test_x.py", "functions/__pycache__/x.pyc"])
def test_what_goes_into_none_is_not_built(project: Project, name: str) -> None:
    """Bytecode of this machine is made anew inside the artifacts."""
    project.build()
    project.write(name)
    assert not project.build()


def test_a_module_that_is_gone_is_gone_from_the_artifact(project: Project) -> None:
    """Its folder has changed."""
    project.build()
    (project.root / "functions/usage/event.py").unlink()
    project.age("functions/usage", -1)
    assert project.build()


def test_what_is_saved_during_a_build_is_built_by_the_next(project: Project) -> None:
    """It may have copied it before: the artifacts are as old as the beginning of their build."""
    project.sam("sleep 0.1; touch functions/usage/event.py; sleep 0.1")
    assert project.build()
    project.sam("true")
    assert project.build()
    assert not project.build()


def test_a_build_that_fails_is_no_build(project: Project) -> None:
    """The words of sam are the error; the next one tries again, though artifacts were there."""
    project.build()
    project.write("Makefile", age_seconds=0)
    project.sam("echo no such wheel; exit 3")
    for _ in range(2):
        with pytest.raises(DeployError, match=r"sam build failed:\n(.*\n)*no such wheel"):
            project.build()
    assert project.builds == 3


def test_without_sam_it_says_where_it_comes_from(project: Project) -> None:
    """Whoever runs the module by hand."""
    shutil.rmtree(project.root / ".venv-sam")
    with pytest.raises(DeployError, match="run this through make"):
        project.build()


def test_builds_wait_for_each_other(project: Project) -> None:
    """A demo and a test that start together build once."""
    project.sam("sleep 0.1")
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(project.build) for _ in range(2)]
    assert sorted(future.result() for future in futures) == [False, True]
    assert project.builds == 1
