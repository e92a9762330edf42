"""The documents hang together: links lead somewhere, and what rings has its instructions."""

import re
from pathlib import Path

import pytest

from functions.operator.command_line import PROGRAM
from functions.operator.contents import CONTENTS
from tests.local.endpoints import ROOT
from tests.template.command_line_page import command_of
from tests.template.doc_pages import PAGES, anchors, headings, prose
from tests.template.stack import resources, template

ALARMS = (ROOT / "docs" / "reference" / "alarms.md").read_text()
REASONS = (ROOT / "docs" / "reference" / "reasons.md").read_text()


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file that is there, and to a heading that it has."""
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    ours = [link for link in links if not link.startswith("https://")]
    assert [link for link in ours if not leads_somewhere(page, link)] == []


def test_every_document_that_the_code_cites_is_here() -> None:
    """A citation is a source only for who can read it, and only while its section is there."""
    code = [
        ROOT / "template.yaml",
        *ROOT.glob("statemachine/*.yaml"),
        *ROOT.glob("functions/**/*.py"),
    ]
    code += [file for file in ROOT.glob("tests/**/*.py") if file != Path(__file__)]
    cited = {
        found
        for file in code
        for found in re.findall(r"([\w-]+\.md)(?: (\d+(?:\.\d+)*[a-z]?))?", file.read_text())
    }
    assert [place for place in sorted(cited) if not _is_here(*place)] == []


def test_every_section_that_the_code_cites_by_its_heading_is_here() -> None:
    """`architecture.md, The heartbeat` names a heading of that page, by its first words."""
    cited = {
        found
        for file in ROOT.glob("functions/**/*.py")
        for found in re.findall(
            r"([\w-]+\.md),\s+([A-Z][\w-]+(?:\s+[\w-]+)*)",
            re.sub(r"\n\s*#?", "\n", file.read_text()),
        )
    }
    assert cited
    assert [place for place in sorted(cited) if not _has_heading(*place)] == []


def _has_heading(name: str, first_words: str) -> bool:
    wanted = " ".join(first_words.split())
    return any(
        heading.startswith(wanted)
        for page in PAGES
        if page.name == name
        for heading in headings(page)
    )


def _is_here(name: str, section: str) -> bool:
    pages = [page for page in PAGES if page.name == name]
    headings = "\n".join(
        re.findall(r"^#+ .*$|^\*\*.*$", "\n".join(map(prose, pages)), re.MULTILINE)
    )
    return bool(pages) and (not section or bool(re.search(rf"(^|\W){section}\b", headings)))


def test_every_alarm_has_its_section_and_its_row() -> None:
    """Whoever is woken finds what it means; no section tells of an alarm that is gone."""
    alarms = set(resources("AWS::CloudWatch::Alarm"))
    assert set(re.findall(r"^## (\w+Alarm)$", ALARMS, re.MULTILINE)) == alarms
    rows = re.findall(r"^\| (\[\w+Alarm\].*?) \|", ALARMS, re.MULTILINE)
    listed = re.findall(r"\[(\w+Alarm)\]", "\n".join(rows))
    assert sorted(listed) == sorted(alarms)


def test_every_reason_of_the_quarantine_has_its_cure_once() -> None:
    """docs/reference/logs.md says when, docs/how-to/meter-again.md what to do about it."""
    reasons = _first_column(
        (ROOT / "docs" / "reference" / "outcomes.md").read_text(), "## Quarantined"
    )
    cures = _first_column(
        (ROOT / "docs" / "how-to" / "meter-again.md").read_text(), "## The reasons"
    )
    whole_deliveries = _section(REASONS, "## Deliveries that cannot be read")
    assert [one for one in reasons if one not in cures and one not in whole_deliveries] == []
    assert len(cures) == len(set(cures))


def _section(text: str, heading: str) -> str:
    return re.split(r"\n##", f"\n{text}".split(f"\n{heading}\n", 1)[1], maxsplit=1)[0]


def _first_column(text: str, heading: str) -> list[str]:
    cells = re.findall(r"^\| (`.*?) \|", _section(text, heading), re.MULTILINE)
    return re.findall(r"`(\w+)`", "\n".join(cells))


def test_the_commands_name_things_that_are_there() -> None:
    """`where X` is an output of the template, or one of its resources."""
    named = set(re.findall(rf"{PROGRAM} where ([A-Z]\w+)", "".join(map(Path.read_text, PAGES))))
    assert len(named) > 5
    assert named <= {*template()["Outputs"], *template()["Resources"], "NAME"}


def test_decisions_are_numbered_once() -> None:
    """The number in the name is the number in the heading."""
    decisions = sorted((ROOT / "docs" / "explanation" / "decisions").glob("*.md"))
    numbers = [int(page.name.split("-", 1)[0]) for page in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    assert [int(page.read_text()[2:].split(".", 1)[0]) for page in decisions] == numbers


def _subcommand_of(words: str) -> str:
    """The longest name of a subcommand, or of a group, that the words begin with."""
    names = {entry.words for entry in CONTENTS} | {one.words.split()[0] for one in CONTENTS}
    fitting = [name for name in names if f"{words} ".startswith(f"{name} ")]
    return max(fitting, key=len, default="")


def _options_of(name: str) -> set[str]:
    app = command_of(name)
    arguments = app.assemble_argument_collection() if app.default_command else []
    return {option for argument in arguments for option in argument.names} | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_of_the_operator_is_one_that_there_is(page: Path) -> None:
    """A subcommand with options that it knows, wherever a page names it."""
    found = [
        words.split(")")[0] if inside else words
        for inside, words in re.findall(rf"(\$\()?{PROGRAM} ([a-z][^`|\n]*)", page.read_text())
    ]
    for words in (one for one in found if "/" not in one.split()[0]):
        name = _subcommand_of(words)
        assert name, words
        options = set(re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", words.split(" #")[0]))
        assert options <= _options_of(name), words


def _alarm_sections() -> dict[str, str]:
    """The text of each, below its heading."""
    parts = re.split(r"^## (\w+Alarm)$", ALARMS, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("name", sorted(_alarm_sections()))
def test_an_alarm_s_section_is_read_in_a_minute(name: str) -> None:
    """What it means, the money, the first command, the next step: in this order, in twelve
    lines.
    """
    section = _alarm_sections()[name]
    lines = [line for line in section.splitlines() if line.strip()]
    assert len(lines) <= 12
    begins = [re.match(r"\*\*(Means|Money|Then):\*\* ?|```(?:sh)?$", line) for line in lines]
    order = [found.group(1) or "```" for found in begins if found]
    assert order == ["Means", "Money", "```", "```", "Then"]


FOLDERS = ("tutorial", "how-to", "reference", "explanation")
LISTED = [page for folder in FOLDERS for page in sorted(ROOT.glob(f"docs/{folder}/*.md"))]
INDEX = (ROOT / "docs" / "README.md").read_text()


@pytest.mark.parametrize("page", LISTED, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_the_index_lists_every_page_once(page: Path) -> None:
    """Under the heading of its folder, in a table; a page that is not listed is not found."""
    heading = {"how-to": "How-to"}.get(page.parent.name, page.parent.name.capitalize())
    (section,) = re.findall(rf"^## {heading}: .*?(?=^## |\Z)", INDEX, re.MULTILINE | re.DOTALL)
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert [line.count(f"({page.parent.name}/{page.name})") for line in rows].count(1) == 1
