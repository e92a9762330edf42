"""What the pages tell an operator to paste works, as it stands, against the running local cloud."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.operator.command_line import PROGRAM, main
from tests.e2e.looking import NOT_NOW
from tests.local.endpoints import ROOT
from tests.template.shell_commands import commands_of, shell_blocks

DOCS = ROOT / "docs"
ALARMS = DOCS / "reference" / "alarms.md"
PAGES = [
    ALARMS,
    *(
        DOCS / "how-to" / f"{name}.md"
        for name in (
            "change-the-configuration",
            "read-the-ledger",
            "set-up-a-shell",
        )
    ),
]
# Those that look and change nothing, but for one billed request of `verify`. A name of the template
# that `where` is asked for is held to it by test_documents.py.
READING = re.compile(
    r"logs |ledger |message list|audit (show|follow)|replay (list|follow)|verify$|status"
    r"|where (LedgerBucketName|MeteringFunctionArn)|configuration (show|history)"
)
# Where there is nothing to read yet, or something that is not as it should be, it says so.
ALSO = {"audit show": 1, "audit follow": 2, "replay follow": 2}


def documented(page: Path) -> Iterator[list[str]]:
    for block in shell_blocks(page.read_text()):
        for words in commands_of(PROGRAM, block):
            yield [word for word in words if not word.startswith("#")][1:]


def reading() -> list[str]:
    """Each once, in the order of the pages."""
    found = [" ".join(words) for page in PAGES for words in documented(page)]
    return list(dict.fromkeys(one for one in found if READING.match(one)))


def test_the_first_command_of_an_alarm_is_tried() -> None:
    """Of this program's all are; those of the aws CLI are held to botocore's models."""
    first = {" ".join(words) for words in documented(ALARMS)}
    assert len(first) > 25
    assert {one for one in first if not READING.match(one)} == set()


def ended(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """A decision that Redis was too slow for, once, is asked for again."""
    status, said = main(command.split()), "".join(capsys.readouterr())
    if status and any(code in said for code in NOT_NOW):
        status, said = main(command.split()), "".join(capsys.readouterr())
    return status, said


@pytest.mark.usefixtures("folder")
def test_a_command_of_a_page_works_as_it_is_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends well; where there is nothing to show it says what it looked at."""
    said = {command: ended(command, capsys) for command in reading()}
    assert len(said) > 35
    faults = [
        (command, status, text)
        for command, (status, text) in said.items()
        if status not in {0, ALSO.get(" ".join(command.split()[:2]), 0)} or not text
    ]
    assert faults == []
