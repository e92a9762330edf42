"""docs/how-to/add-a-source.md, and what it tells to paste."""

import re

from tests.local.endpoints import ROOT

PAGE = (ROOT / "docs" / "how-to" / "add-a-source.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
