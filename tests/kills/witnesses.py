"""What everybody says at the end: Aforo's book, the ledger, the counters, the queues and the
quarantine of a cloud come in, read as they stand; `Found` leaves.
"""

from collections.abc import Iterator

import boto3
import httpx

from functions.adapters.ledger import settled_once
from functions.adapters.quarantined_object import FAILED, KEPT
from functions.audit.equation import Equation
from tests.kills.differences import Found
from tests.kills.killable_cloud import KillableCloud
from tests.local.customers import METER, inspect
from tests.local.demo.accounting import ledger_rows
from tests.local.demo.depth import waiting

_PAGE = 5_000  # events: some megabytes
_TIMEOUT_SECONDS = 120


def found_at_the_end(cloud: KillableCloud, equation: Equation, lines: int) -> Found:
    endpoints = cloud.endpoints
    rows = settled_once(ledger_rows(endpoints)).values()
    return Found(
        book=list(booked(endpoints.aforo_url)),
        ledger={
            row["key"]: (row["outcome"], row["customerId"]) for row in rows if row["meter"] == METER
        },
        used={payer: _used_by(cloud, payer) for payer in cloud.payers},
        left={
            **{name: waiting(endpoints, name) for name in endpoints.queues},
            "the quarantine": _quarantined(endpoints.quarantine_bucket),
        },
        equation=equation,
        lines=lines,
    )


def _used_by(cloud: KillableCloud, payer: str) -> int | None:
    """As the counters say it now. None where there is no generation to believe them by."""
    said = inspect(cloud.endpoints.functions["reconciliation"], payer)
    return int(said["used"]) if said["generation"] else None


def booked(url: str) -> Iterator[tuple[str, str]]:
    """Key and payer of each event in Aforo's book, in the order accepted."""
    after: int | None = 0
    with httpx.Client(base_url=url, trust_env=False, timeout=_TIMEOUT_SECONDS) as client:
        while after is not None:
            asked = {"after": after, "limit": _PAGE}
            page = client.get("/_ledger/events", params=asked).raise_for_status().json()
            for event in page["events"]:
                yield event["idempotencyKey"], event["customerId"]
            after = page["next"]


def _quarantined(bucket: str) -> int:
    """Objects that a replay would meter again."""
    pages = boto3.client("s3").get_paginator("list_objects_v2")
    return sum(
        page["KeyCount"]
        for prefix in (KEPT, FAILED)
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
    )
