"""A page that shows a list's item as it was typed is found."""

from pathlib import Path

import pytest

from tests.site.__main__ import main
from tests.site.unbuilt import unbuilt


@pytest.mark.parametrize("typed", ["3. The grant", "* A log line", "- one"])
def test_an_item_outside_a_list_is_told(
    typed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its page and its words, and the status says so."""
    (tmp_path / "quota.html").write_text(f"<p><pre>ls</pre>\n{typed}</p>")
    assert main(tmp_path) == 1
    assert capsys.readouterr().err == f"site: quota.html: shows as typed: {typed}</p>\n"


@pytest.mark.parametrize(
    "page", ["<li>1. One</li>", "<pre>\n1. One\n* two\n</pre>", "<p>\n2.5 s</p>"]
)
def test_what_is_a_list_or_code_or_a_number_is_not(page: str) -> None:
    """A transcript may begin its lines with numbers."""
    assert list(unbuilt(page)) == []
