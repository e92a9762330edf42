"""An alarm's section: `docs/reference/alarms.md#anchor` comes in, that section's text leaves."""

import re
from pathlib import Path

_HEADING = re.compile(r"^(#+) +(.+?)\s*$")


def section_text(address: str, root: Path) -> str:
    """Empty where the address is elsewhere, or where the page has no such heading."""
    path, _, anchor = address.partition("#")
    page, docs = (root / path).resolve(), (root / "docs").resolve()
    if page.suffix != ".md" or not page.is_relative_to(docs) or not page.is_file():
        return ""
    return "\n".join(_section(page.read_text().splitlines(), anchor)).strip()


def _section(lines: list[str], anchor: str) -> list[str]:
    """From its heading to the next one that is not below it."""
    found: list[str] = []
    depth = 0
    for line in lines:
        heading = _HEADING.match(line)
        if heading and found and len(heading[1]) <= depth:
            break
        if heading and not found and anchor_of(heading[2]) == anchor:
            depth = len(heading[1])
            found.append(heading[2])
        elif found:
            found.append(line)
    return found


def anchor_of(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
