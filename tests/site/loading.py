"""What a page of the built site makes a browser load.

A page comes in, what it loads from elsewhere or what is not there leaves. A link that a reader
may click is none of it.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

DRAWING = "javascripts/mermaid.js"
_LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_PLAIN_LINKS = {"canonical", "next", "prev"}
_IN_A_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s]+)""")


class _Loads(HTMLParser):
    """Collects the addresses, and whether something is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.draws = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.draws |= "mermaid" in (given.get("class") or "").split()
        if tag == "link" and given.get("rel") in _PLAIN_LINKS:
            return
        address = given.get(_LOADING.get(tag, ""))
        if address:
            self.addresses.append(address)


def faults(site: Path, page: Path) -> Iterator[str]:
    """In the words of a line that begins with the page's place."""
    place = page.relative_to(site)
    loads = _Loads()
    loads.feed(page.read_text(encoding="utf-8"))
    if loads.draws and not any(one.endswith(DRAWING) for one in loads.addresses):
        yield f"{place}: has a diagram and nothing of ours that draws it"
    for address in loads.addresses:
        # The page for what is not found is served for any address, so it names all from the top.
        yield from _fault(site if address.startswith("/") else page.parent, address, place)
    for address in loads.addresses:
        style = (page.parent / urlsplit(address).path).resolve()
        if style.suffix == ".css" and style.is_file():
            for inner in _IN_A_STYLE.findall(style.read_text(encoding="utf-8")):
                yield from _fault(style.parent, inner, style.relative_to(site.resolve()))


def _fault(folder: Path, address: str, place: Path) -> Iterator[str]:
    parts = urlsplit(address)
    if parts.scheme == "data":
        return
    if parts.scheme or parts.netloc:
        yield f"{place}: loads {address}"
    elif parts.path and not (folder / parts.path.lstrip("/")).exists():
        yield f"{place}: loads {address}, which is not there"
