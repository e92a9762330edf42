"""An SVG file comes in, a PNG file of it leaves, as a browser shows it."""

import re
from pathlib import Path

from tests.local.browser.browser import running_browser

_SIZE = re.compile(r'<svg [^>]*\bwidth="(\d+)" height="(\d+)"')


def convert(svg: Path, png: Path) -> None:
    """Write `png` anew, in the size that the picture says. BrowserError: there is no browser."""
    size = _SIZE.search(svg.read_text())
    if size is None:
        message = f"{svg}: says no width and height in pixels"
        raise ValueError(message)
    with running_browser() as browser:
        browser.begin(width=int(size[1]), height=int(size[2]))
        browser.open(svg.resolve().as_uri())
        browser.picture(png)
