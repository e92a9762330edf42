"""The smoke test for AWS, as far as the local cloud goes."""

import json
from pathlib import Path

import pytest

from functions.operator.command_line import main
from tests.local.endpoints import ROOT, Endpoints

# What the local cloud cannot show, each by a reason of its own.
NOT_HERE = {"iam sign-in", "snapstart", "on failure", "alarm action", "deletion"}


def test_every_claim_holds_or_says_why_it_was_not_tried(
    endpoints: Endpoints, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each claim once, against the deployed template."""
    endpoints.write(tmp_path)
    words = ["smoke", "--format", "json", "--endpoints", str(tmp_path / "endpoints.json")]
    status = main(words)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    verdicts = {row["claim"]: row["verdict"] for row in rows}
    assert status == 0, rows
    assert {claim for claim, said in verdicts.items() if said == "not tried"} == NOT_HERE
    assert set(verdicts.values()) == {"held", "not tried"}
    assert all(row["seen"] for row in rows)
    page = (ROOT / "docs" / "how-to" / "try-on-aws.md").read_text()
    assert [claim for claim in verdicts if f"`{claim}`" not in page] == []


def test_a_claim_that_is_none_is_refused(
    endpoints: Endpoints, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With those that there are."""
    endpoints.write(tmp_path)
    place = ["--endpoints", str(tmp_path / "endpoints.json")]
    assert main(["smoke", "--only", "everything", *place]) == 2
    assert "walk" in capsys.readouterr().err
