"""What nobody could tell of: the exceptions that the simulation grants are those of quota.md."""

import re

from tests.local.endpoints import ROOT
from tests.simulation.untold import DEATH_SECONDS, LOSS_SECONDS, TELLING_SECONDS


def test_quota_md_says_what_nobody_could_tell_of() -> None:
    """To the second."""
    quota = (ROOT / "docs" / "explanation" / "quota.md").read_text(encoding="utf-8")
    told = re.findall(r"^  \| .* \| (\d+) s \|$", quota, re.MULTILINE)
    granted = [*DEATH_SECONDS.values(), LOSS_SECONDS, TELLING_SECONDS]
    assert told == [f"{seconds:.0f}" for seconds in granted]
