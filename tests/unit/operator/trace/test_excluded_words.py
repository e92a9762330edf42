"""Every reason for which a request is not billable has words."""

import re

from functions.operator.trace.excluded_words import WORDS, in_words
from functions.usage.outcome import Excluded, Quarantined
from tests.local.endpoints import ROOT


def test_the_reasons_are_those_of_the_document() -> None:
    """docs/reference/logs.md, Excluded."""
    text = (ROOT / "docs" / "reference" / "outcomes.md").read_text().split("\n## Excluded\n", 1)[1]
    rows = re.findall(r"^\| (`.*?) \|", re.split(r"\n##", text, maxsplit=1)[0], re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", "\n".join(rows))) == WORDS.keys()


def test_a_reason_that_nobody_knows_is_shown_without_words() -> None:
    """A quarantined request has its own detail."""
    assert in_words(Excluded("newer"), None) == ""
    assert in_words(Quarantined("no_customer", "nobody is named"), None) == "nobody is named"
