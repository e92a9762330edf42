"""Formats that people have in production, as `explain` answers each: who is billed, and what it
says.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.operator.explain.explaining import explain

FORMATS = Path(__file__).parents[3] / "corpus" / "field-formats.jsonl"
ROWS = [json.loads(line) for line in FORMATS.read_text().splitlines()]


def name_of(row: dict[str, Any]) -> str:
    return str(row["name"])


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_format_is_billed_to_whom_it_names_or_told_what_it_lacks(
    row: dict[str, Any], tmp_path: Path
) -> None:
    """And what is said of it is not what it is not."""
    words = ["--kind", "auto"]
    if row["config"]:
        configuration = tmp_path / "metering.json"
        configuration.write_text(json.dumps(row["config"]))
        words += ["--config", str(configuration)]
    answer = explain(tmp_path, "\n".join(row["lines"]), *words)
    expected = row["expect"]
    payers = [one["event"]["customerId"] for one in answer.requests if "event" in one]
    assert payers == ([expected["billed_to"]] if expected["billed_to"] else [])
    said = f"{json.dumps(answer.requests)}{answer.summary}"
    assert [word for word in expected["says"] if word not in said] == []
    assert [word for word in expected["not_says"] if word in said] == []
    for key in ("outcome", "reason"):
        if key in expected:
            assert {one[key] for one in answer.requests} <= set(expected[key])
            assert answer.requests
