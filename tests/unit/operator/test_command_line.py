"""The command line as a whole: what it loads, and how it ends."""

import subprocess
import sys
import tomllib
from importlib import import_module

import pytest

from functions.operator.command_line import main
from functions.operator.contents import CONTENTS
from functions.operator.counter_commands.stack import Stack
from functions.operator.deployment.place import Place
from tests.local.endpoints import ROOT

LOADED = """
import sys
from functions.operator.command_line import main
main({words!r})
print(sorted(name for name in ("boto3", "httpx", "pydantic") if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("words", "loaded"),
    [(["--help"], []), (["replay", "list", "--help"], []), (["counters", "--help"], [])],
)
def test_a_help_loads_little(words: list[str], loaded: list[str]) -> None:
    """boto3 alone takes longer to import than all the rest."""
    code = LOADED.format(words=words)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == str(loaded)


def test_the_console_script_and_the_module_are_the_same() -> None:
    """`aforo-metering` and `python -m functions.operator`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, name = project["scripts"]["aforo-metering"].partition(":")
    assert getattr(import_module(module), name) is main
    done = subprocess.run(
        [sys.executable, "-m", "functions.operator", "nonsense"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith('aforo-metering: Unknown command "nonsense".')


def test_no_two_subcommands_have_a_name() -> None:
    """The later one would hide the earlier."""
    names = [entry.words for entry in CONTENTS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["counters", "grnat"],
        ["counters", "grant", "--limit", "1,000"],
        ["counters", "grant", "--custmer", "c"],
        ["message", "show"],
        ["message", "list", "--format", "xml"],
        ["replay", "start", "--source", "nowhere"],
        ["rebuild", "--wait-seconds", "long"],
    ],
    ids=" ".join,
)
def test_bad_words_are_one_line_that_names_the_next_step(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 2, and nothing on stdout."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith(words[0] if words[0] != "nonsense" else "aforo-metering")
    assert "--help` has an example)" in line


def test_a_bug_keeps_its_traceback() -> None:
    """It is no bad input, and nobody should be told that it is."""

    def broken(_: Place) -> Stack:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main(["counters", "open"], find=broken)
