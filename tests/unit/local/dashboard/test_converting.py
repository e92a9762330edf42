"""A PNG is made by whichever program is here."""

from pathlib import Path

import pytest

from tests.local.dashboard.converting import PROGRAMS, NoProgramError, convert


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.parametrize("name", PROGRAMS)
def test_any_of_them_will_do(name: str, programs: Path, tmp_path: Path) -> None:
    """Each is told the picture and the place, and nothing that the shell would read."""
    told = tmp_path / "told"
    program = programs / name
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}\n')
    program.chmod(0o755)
    convert(Path("a b.svg"), Path("c.png"))
    words = told.read_text()
    assert "a b.svg" in words
    assert "c.png" in words


def test_without_one_the_message_says_which_would_do(programs: Path) -> None:
    """And that the picture is there: a browser shows it."""
    with pytest.raises(NoProgramError, match=r"resvg, rsvg-convert.*a\.svg is drawn"):
        convert(Path("a.svg"), Path("a.png"))
