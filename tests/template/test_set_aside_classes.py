"""What a set-aside class means stands in `SetAsideClass`; every other table of it is held to it."""

import json
import re
from pathlib import Path

import pytest
from mypy import api
from pydantic import TypeAdapter, ValidationError

from functions.forwarder.holding import CLASS_OF_REASON
from functions.forwarder.problem import CLASS_OF_CODE
from functions.usage import outcome
from functions.usage.outcome import SetAsideClass
from tests.local.endpoints import ROOT
from tests.template.stack import template

CLASSES = {str(one) for one in SetAsideClass}
REASONS = (ROOT / "docs" / "reference" / "reasons.md").read_text()
REPLAY = (ROOT / "docs" / "how-to" / "replay.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "explanation" / "architecture.md").read_text()


def rows(text: str, head: str) -> list[list[str]]:
    """The cells of the table under the header row `head`."""
    lines = text[text.index(head) :].splitlines()[2:]
    ends = next(number for number, line in enumerate(lines) if not line.strip().startswith("|"))
    return [[cell.strip() for cell in line.strip()[1:-1].split(" | ")] for line in lines[:ends]]


def named(text: str) -> set[str]:
    """The classes that a sentence names."""
    return {one for one in re.findall(r"\w+", text) if one in CLASSES}


def of(field: str) -> set[str]:
    """The classes whose meaning says yes to `field`."""
    return {str(one) for one in SetAsideClass if getattr(one.meaning, field)}


def test_a_class_without_a_meaning_does_not_type_check(tmp_path: Path) -> None:
    """Whoever adds one says all of it, or mypy names the line."""
    source = Path(outcome.__file__).read_text()
    added = 'EXHAUSTED = "exhausted"\n    STALE = "stale"\n'
    without = tmp_path / "without.py"
    without.write_text(source.replace('EXHAUSTED = "exhausted"\n', added))
    partly = tmp_path / "partly.py"
    partly.write_text(re.sub(r"    doubtful_if_unsaid=True,\n", "", source))
    as_it_is = tmp_path / "as_it_is.py"
    as_it_is.write_text(source)
    found, _, _ = api.run(
        ["--strict", "--config-file=", f"--cache-dir={tmp_path}", *map(str, tmp_path.glob("*.py"))]
    )
    faults = sorted(set(re.findall(r"(\w+\.py):\d+: error: (.*)", found)))
    assert faults == [
        (
            "partly.py",
            'Missing named argument "doubtful_if_unsaid" for "SetAsideMeaning"  [call-arg]',
        ),
        ("without.py", "Missing return statement  [return]"),
    ]


@pytest.mark.parametrize("one", list(SetAsideClass))
def test_a_class_is_its_slug_wherever_it_is_written(one: SetAsideClass) -> None:
    """In JSON, in a text, as a key, and read back; another text is none."""
    read = TypeAdapter(SetAsideClass)
    assert one is SetAsideClass(one.value) is read.validate_python(one.value)
    assert json.dumps({one: one}) == json.dumps({one.value: one.value})
    assert read.dump_json(one).decode() == f'"{one}"' == json.dumps(one)
    with pytest.raises(ValidationError):
        read.validate_python(one.meaning)


def test_architecture_says_what_each_class_means() -> None:
    """In the words of the code, in its order."""
    table = rows(ARCHITECTURE, "| class | what it means |")
    assert table == [[f"`{one}`", one.meaning.means] for one in SetAsideClass]


def test_the_runbook_says_what_to_do_about_each_class() -> None:
    """The first row of each begins with what the code says that an operator does."""
    cures: dict[str, str] = {}
    for name, _, cure in rows(REASONS, "| class | usual reasons | cure |"):
        cures.setdefault(name.strip("`"), cure)
    assert set(cures) == CLASSES
    for one in SetAsideClass:
        assert re.match(rf"{re.escape(one.meaning.operator_does)}(?=[.:]|$)", cures[one])


def test_the_runbook_names_the_reasons_of_a_class() -> None:
    """Those that the forwarder knows by name."""
    told = {
        (name.strip("`"), reason)
        for name, reasons, _ in rows(REASONS, "| class | usual reasons | cure |")
        for reason in re.findall(r"`(\w+)`", reasons)
    }
    known = CLASS_OF_REASON | CLASS_OF_CODE
    assert {(kind.value, reason) for reason, kind in known.items()} <= told


def test_the_documents_say_which_classes_are_replayed_and_decided() -> None:
    """Sentences that name classes name those of the code."""
    [unasked] = re.findall(r"replay everything set aside but (.*?)\.", REPLAY)
    assert CLASSES - named(unasked) == of("replayed_by_default")
    [decided] = re.findall(r"^\| `needsDecision` \| (.*?):", REPLAY, re.MULTILINE)
    assert named(decided) == of("needs_decision")
    [scheduled] = re.findall(r"for the outage classes (.*?)\.", REPLAY)
    assert named(scheduled) == of("replayed_by_schedule")
    ledger = (ROOT / "docs" / "reference" / "ledger.md").read_text()
    [listed] = re.findall(r"^\| `setAsideClass` \| .*", ledger, re.MULTILINE)
    assert named(listed) == CLASSES


def test_the_schedule_replays_the_classes_that_only_an_outage_made() -> None:
    """Its input is a constant of the template."""
    schedule = template()["Resources"]["AutomaticReplaySchedule"]["Properties"]["Target"]
    chosen = json.loads(schedule["Input"])["filter"]["class"]
    assert set(chosen) == of("replayed_by_schedule")
    assert named(template()["Parameters"]["AutomaticReplay"]["Description"]) == set(chosen)
