"""The pipeline: what the workflows run is there, and what is published says what it holds."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.local.endpoints import ROOT
from tests.template.reproducible import RECIPES, digest, files
from tests.template.sbom import differences, with_licences
from tests.template.stack import functions, template

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
BILL: dict[str, Any] = {
    "serialNumber": "urn:uuid:1",
    "metadata": {"timestamp": "now", "tools": []},
    "components": [{"name": "httpx", "version": "1"}, {"name": "redis", "version": "2"}],
}
HELD = {("httpx", "1"): "BSD-3-Clause", ("redis", "2"): "MIT"}


def commands(workflow: Path) -> list[str]:
    """What a workflow runs."""
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda one: one.name)
def test_a_workflow_runs_what_there_is(workflow: Path) -> None:
    """Its make targets are the Makefile's; test_documents holds the commands of the operator."""
    targets = [line.split()[1] for line in commands(workflow) if line.startswith("make ")]
    assert targets
    assert [one for one in targets if f"\n{one}: " not in MAKEFILE] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda one: one.name)
def test_a_workflow_has_few_rights_and_an_end(workflow: Path) -> None:
    """No stored key, no right to write but AWS's token, and a time limit for each job."""
    read = yaml.safe_load(workflow.read_text())
    assert read["permissions"].items() <= {"contents": "read", "id-token": "write"}.items()
    assert all(job["timeout-minutes"] <= 60 for job in read["jobs"].values())
    assert "secrets." not in workflow.read_text()


def test_production_comes_after_what_staging_showed() -> None:
    """A version reaches callers when the smoke test has held, and ten per cent of them first."""
    [deploy] = [one for one in WORKFLOWS if one.name == "deploy.yml"]
    jobs = yaml.safe_load(deploy.read_text())["jobs"]
    assert jobs["production"]["needs"] == "staging"
    assert any("smoke" in step.get("run", "") for step in jobs["staging"]["steps"])
    parameter = template()["Parameters"]["AuthorizerDeployment"]
    assert parameter["Default"].startswith("Canary10Percent")


def test_the_published_version_is_the_project_s() -> None:
    """The Serverless Application Repository shows the version that the changelog tells of."""
    published = template()["Metadata"]["AWS::ServerlessRepo::Application"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert published["SemanticVersion"] == project["version"]
    assert published["SpdxLicenseId"] == project["license"]
    for name in ("LicenseUrl", "ReadmeUrl"):
        assert (ROOT / published[name]).is_file()
    assert all(re.fullmatch(r"[A-Za-z0-9+\-_:/@]{1,127}", label) for label in published["Labels"])


def test_each_recipe_is_built_twice() -> None:
    """A function whose recipe is its own is among those that are compared."""
    rules = re.findall(r"^(build-\w+Function(?: build-\w+)*):", MAKEFILE, re.MULTILINE)
    recipes = [{name.removeprefix("build-") for name in rule.split()} for rule in rules]
    assert set().union(*recipes) - {"DemoFunction"} >= set(functions()) - {"DemoFunction"}
    covered = [recipe for recipe in recipes if recipe & set(RECIPES)]
    assert [one for one in recipes if one not in covered and one & set(functions())] == []


@pytest.mark.parametrize(
    ("content", "mode"), [(b"other", 0o644), (b"same", 0o755), (b"", 0o644), (b"same", 0o644)]
)
def test_a_digest_tells_each_difference(content: bytes, mode: int, tmp_path: Path) -> None:
    """Of contents, and of whether a file may be run; not of who may write it."""
    one, other = tmp_path / "one", tmp_path / "other"
    for place, written, right in ((one, b"same", 0o644), (other, content, mode)):
        place.mkdir()
        (place / "file").write_bytes(written)
        (place / "file").chmod(right)
    assert (digest(files(one)) == digest(files(other))) == (content == b"same" and mode == 0o644)


def test_the_bill_of_materials_is_held_to_what_is_built() -> None:
    """A package, or a version, that only one side has is named."""
    assert differences(BILL, HELD) == []
    assert differences(BILL, {("httpx", "1"): ""}) == ["redis 2: in the file, in no artifact"]
    assert differences(BILL, HELD | {("redis", "3"): ""}) == [
        "redis 3: in an artifact, not in the file"
    ]


def test_the_bill_of_materials_is_the_same_for_the_same_lock() -> None:
    """And says each package's licence."""
    later = BILL | {"serialNumber": "urn:uuid:2", "metadata": {"timestamp": "later", "tools": []}}
    made = with_licences(BILL, HELD)
    assert made == with_licences(later, HELD)
    assert [one["licenses"][0]["license"]["name"] for one in made["components"]] == [
        "BSD-3-Clause",
        "MIT",
    ]
