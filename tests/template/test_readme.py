"""README.md: what a newcomer decides by is short, and its figures are those of other pages."""

import re
import tomllib

from tests.local.endpoints import ROOT
from tests.template.command_line_page import PAGE as COMMANDS

README = (ROOT / "README.md").read_text()
COST = (ROOT / "docs" / "explanation" / "cost.md").read_text()
DEMO = (ROOT / "docs" / "tutorial" / "demo.md").read_text()


def section(heading: str) -> str:
    return README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def cells(text: str) -> list[list[str]]:
    """The rows of the first table, without its heading."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return rows[2:]


def month(requests: str) -> tuple[str, str]:
    """What cost.md says of so many requests: the month, and a million of them."""
    (row,) = re.findall(rf"^\| {requests} \|.*\| ([\d.,]+) \| ([\d.,]+) \|$", COST, re.MULTILINE)
    whole, million = row
    return whole, million


def idle(what: str) -> float:
    (found,) = re.findall(rf"^\| \**{what}.*\| \**([\d.]+)\** \|$", COST, re.MULTILINE)
    return float(found)


def test_it_is_read_in_a_minute_or_two() -> None:
    """A newcomer decides by it; the rest is in docs/."""
    assert len(README.splitlines()) <= 115


def test_its_prices_are_those_of_the_cost_page() -> None:
    """A figure that stands twice is held to one place."""
    nothing, one, hundred = cells(section("What it costs"))
    fixed = idle("without the cache and the dashboard") + idle("the dashboard")
    assert float(nothing[1]) == round(fixed + idle("ElastiCache Serverless at its least"), 2)
    assert (one[1], one[2]) == month("1 M")
    assert (hundred[1], hundred[2]) == month("100 M")


def test_its_table_is_the_one_of_the_transcript() -> None:
    """Row by row, and the time it took."""
    shown = section("Two commands").split("```\n")[-2].splitlines()
    rows = [re.sub(r"^│ \+ excluded    ", "│   excluded in all", line) for line in shown]
    known = {re.sub(r"\s+", " ", line) for line in DEMO.splitlines()}
    assert [row for row in rows if re.sub(r"\s+", " ", row) not in known] == []


def test_it_deploys_in_four_commands() -> None:
    """Set-up, a look, the deploy, the key: no program among them that set-up does not make."""
    (block,) = re.findall(r"```sh\n(.*?)```", section("Deploy in four commands"), re.DOTALL)
    commands = block.replace("\\\n", " ").splitlines()
    assert [line.split()[0] for line in commands] == [
        "make",
        ".venv/bin/aforo-metering",
        "make",
        "read",
    ]
    assert "## preflight" in COMMANDS.read_text()


def test_it_says_the_version_of_the_project() -> None:
    """A bug report names it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nVersion {version}, " in README
