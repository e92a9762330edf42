"""The start of an audit: what a person typed, and what this stack makes of it."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from functions.audit.repair.audit_input import ExportedTo
from functions.audit.repair.audit_start import AuditStart
from functions.audit.repair.exported_parts import part_names
from functions.audit.watched_source import WatchedSource
from functions.usage.moment import epoch_ms_from_iso

NOW = "2026-11-29T15:07:30.000Z"
ASKED = {"source": "orders", "export": {"bucket": "exports", "prefix": "x"}}
ORDERS = WatchedSource(name="orders", logGroup="/aws/orders", kind="access")
NUMBERS = cast(
    "Any",
    SimpleNamespace(audit_window_seconds=300, audit_delay_seconds=600, audit_shards=1),
)


class RefusingS3:
    """Answers every listing with this error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_paginator(self, _: str) -> Any:
        def paginate(**_: object) -> None:
            raise self.error

        return SimpleNamespace(paginate=paginate)


def start(error: Exception, asked: object) -> dict[str, Any]:
    def parts(export: ExportedTo) -> Sequence[str]:
        return part_names(cast("Any", RefusingS3(error)), export)

    return AuditStart(
        settings=NUMBERS,
        sources=lambda: [ORDERS],
        kept_days=lambda _: {},
        parts=parts,
        now_ms=lambda: epoch_ms_from_iso(NOW),
    ).answer(asked)


def of_s3(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "ListObjectsV2")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (of_s3("AccessDenied"), "AuditExportBucketName"),
        (of_s3("NoSuchBucket"), "AuditExportBucketName"),
        (ParamValidationError(report="Invalid bucket name"), "'exports' is no name of a bucket"),
    ],
)
def test_an_export_that_may_not_be_read_is_refused_with_the_parameter(
    error: Exception, said: str
) -> None:
    """Beside every other fault; an error would be tried seven times."""
    answer = start(error, ASKED)
    assert answer["outcome"] == "refused"
    assert answer["problem"].startswith("export: ")
    assert said in answer["problem"]
    assert "; " not in start(error, {**ASKED, "to": "2026-11-29T15:00:00Z"})["problem"]
    answer = start(error, {**ASKED, "dryRun": "yes"})
    assert "dryRun: must be true or false" in answer["problem"]
    assert said in answer["problem"]


def test_an_s3_that_does_not_answer_now_is_tried_again() -> None:
    """It says nothing about the export."""
    with pytest.raises(ClientError):
        start(of_s3("SlowDown"), ASKED)


def test_an_export_of_several_tasks_is_told_as_such() -> None:
    """Where they overlap, a dry run's bill has a request twice."""
    files = [f"x/{task}/stream-{number}/000000.gz" for task in "ab" for number in range(2)]

    def notes(names: list[str]) -> list[str]:
        start = AuditStart(
            settings=NUMBERS,
            sources=lambda: [ORDERS],
            kept_days=lambda _: {},
            parts=lambda _: names,
            now_ms=lambda: epoch_ms_from_iso(NOW),
        )
        asked = {**ASKED, "from": "2026-11-29T10:00:00Z"}
        return list(start.answer(asked)["order"]["notes"])

    assert notes(files[:2]) == []
    (note,) = notes(files)
    assert note.startswith("The export is of 2 tasks: ")


@pytest.mark.parametrize("asked", [{"\ud800": 1}, {"\ud800": None}, {"source": "\udfff"}])
def test_half_of_a_character_is_refused_as_any_other_fault(asked: object) -> None:
    """JSON can write it, and what reads the input cannot tell of it."""
    answer = start(of_s3("AccessDenied"), asked)
    assert answer["outcome"] == "refused"
    assert "half of a character" in answer["problem"]
