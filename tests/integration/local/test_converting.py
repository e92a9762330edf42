"""A PNG is made by the browser of the tests."""

from pathlib import Path

import pytest

from tests.local.dashboard.converting import convert

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}"><circle r="9"/></svg>'


def test_a_picture_has_the_size_that_it_says(tmp_path: Path) -> None:
    """Whatever it is drawn of; a file that was there is replaced."""
    svg, png = tmp_path / "a b.svg", tmp_path / "c.png"
    svg.write_text(SVG.format(70, 30))
    png.write_bytes(b"of before")
    convert(svg, png)
    head = png.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (70, 30)


def test_a_picture_without_a_size_is_refused(tmp_path: Path) -> None:
    """By its name, before a browser is started."""
    svg = tmp_path / "a.svg"
    svg.write_text(SVG.format("100%", "100%"))
    with pytest.raises(ValueError, match=r"a\.svg: says no width and height"):
        convert(svg, tmp_path / "a.png")
