"""A page of the site asks no other host, and what it asks for is there."""

from pathlib import Path

import pytest

from tests.site.__main__ import main
from tests.site.loading import faults


def site(folder: Path, head: str, body: str = "") -> Path:
    """One page in a folder, with one style and one program."""
    (folder / "how-to").mkdir()
    (folder / "a.js").write_text("")
    (folder / "a.css").write_text("")
    page = folder / "how-to" / "page.html"
    page.write_text(f"<html><head>{head}</head><body>{body}</body></html>")
    return page


@pytest.mark.parametrize(
    "head",
    [
        '<script src="../a.js"></script><link rel="stylesheet" href="../a.css?x=1">',
        '<link rel="canonical" href="https://docs.example/">',
        '<link rel="icon" href="data:image/png;base64,AA==">',
    ],
)
def test_what_is_here_may_be_loaded(head: str, tmp_path: Path) -> None:
    """And a reader may click what leads away."""
    page = site(tmp_path, head, '<a href="https://aws.amazon.com/">AWS</a>')
    assert list(faults(tmp_path, page)) == []
    assert main(tmp_path) == 0


@pytest.mark.parametrize(
    "head",
    [
        '<script src="https://unpkg.com/mermaid@11/dist/mermaid.min.js"></script>',
        '<script src="//unpkg.com/mermaid"></script>',
        '<link rel="stylesheet" href="https://fonts.googleapis.com/css?family=Roboto">',
        '<link rel="preconnect" href="https://fonts.gstatic.com">',
        '<img src="http://127.0.0.1/logo.png">',
        '<script src="../gone.js"></script>',
    ],
)
def test_what_is_elsewhere_or_gone_is_a_fault(head: str, tmp_path: Path) -> None:
    """Also without a scheme, and what only prepares a load."""
    (fault,) = faults(tmp_path, site(tmp_path, head))
    assert fault.startswith("how-to/page.html: loads ")
    assert main(tmp_path) == 1


def test_a_style_is_read_too(tmp_path: Path) -> None:
    """A font comes from a style."""
    page = site(tmp_path, '<link rel="stylesheet" href="../a.css">')
    (tmp_path / "a.css").write_text('@font-face { src: url("https://fonts.gstatic.com/a.woff") }')
    assert list(faults(tmp_path, page)) == ["a.css: loads https://fonts.gstatic.com/a.woff"]


def test_a_diagram_needs_what_draws_it(tmp_path: Path) -> None:
    """Without it, Material would fetch one."""
    page = site(tmp_path, "", '<pre class="mermaid"><code>flowchart LR</code></pre>')
    (fault,) = faults(tmp_path, page)
    assert "has a diagram" in fault


def test_a_folder_without_pages_is_no_site(tmp_path: Path) -> None:
    """A build that made nothing passes no check."""
    assert main(tmp_path) == 1
