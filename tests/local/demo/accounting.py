"""What independent witnesses say of the same requests, beside the audit's equation.

The gateway says what it served, the ledger what was settled, Aforo's book what was billed, the
counters what is used. Nothing here trusts one of them for another.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import boto3
import httpx

from functions.adapters.ledger import Ledger, settled_once
from functions.usage.ledger_row import LedgerRow
from tests.local.aforo.console import Console
from tests.local.customers import METER, inspect
from tests.local.demo.account import (
    Account,
    CustomerAccount,
    LostAndFound,
    SecondMeter,
    StillSetAside,
)
from tests.local.demo.auditing import Audited
from tests.local.demo.depth import waiting
from tests.local.demo.forger import Forgery
from tests.local.demo.log_witness import logged_requests
from tests.local.endpoints import Endpoints

NOT_BILLABLE = frozenset({401, 403, 429})
FREE_PATH = "/health"


def account(endpoints: Endpoints, found: Audited, forgery: Forgery, lost: LostAndFound) -> Account:
    """Ask every witness; `found` is the audit's word."""
    witness = served_requests(endpoints)
    rows = list(settled_once(ledger_rows(endpoints)).values())
    calls = [row for row in rows if row["meter"] == METER]
    others = [row for row in rows if row["meter"] != METER]
    with Console(endpoints.aforo_url) as console:
        book = console.ledger()
    events = billed_events(endpoints)
    return Account(
        audited=found.equation,
        windows=found.windows,
        windows_open=found.open_,
        served=len(witness),
        logged=logged_requests(endpoints),
        not_billable=sum(not is_billable(one) for one in witness),
        confirmed=_confirmed(calls),
        still_set_aside=tuple(
            _still_set_aside(row) for row in rows if row["outcome"] == "set_aside"
        ),
        billed=sum(event["metadata"]["meter"] == METER for event in events),
        kept=_objects(endpoints.quarantine_bucket),
        usage_dead_letter=waiting(endpoints, "usage_dead_letter"),
        second_meter=SecondMeter(in_ledger=len(others), confirmed=_confirmed(others)),
        billed_twice=billed_twice(events),
        accepted=book["accepted"],
        duplicates=book["duplicates"],
        forged=forgery.billed_to(events),
        forger=forgery.forger,
        lost=lost,
        customers=[
            _customer_account(endpoints, one.customer_id, witness, calls, events)
            for one in endpoints.customers
        ],
    )


def _confirmed(rows: Iterable[LedgerRow]) -> int:
    return sum(row["outcome"] == "confirmed" for row in rows)


def _objects(bucket: str) -> int:
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return sum(page["KeyCount"] for page in pages)


def _still_set_aside(row: LedgerRow) -> StillSetAside:
    return StillSetAside(
        row["key"],
        row["customerId"],
        row["meter"],
        row.get("setAsideClass", ""),
        row.get("reason", ""),
    )


def served_requests(endpoints: Endpoints) -> list[dict[str, Any]]:
    """Every request that the gateway answered."""
    answer = httpx.get(
        f"{endpoints.gateway_url}/_witness/requests", params={"limit": 200_000}, timeout=30
    )
    found: list[dict[str, Any]] = answer.raise_for_status().json()["requests"]
    return found


def served_since(endpoints: Endpoints, sequence: int) -> list[dict[str, Any]]:
    """What is to be billed of what the gateway served after that number, on the stage whose access
    log is metered.
    """
    return [
        one
        for one in served_requests(endpoints)
        if one["sequence"] > sequence and one["stage"] == endpoints.stage and is_billable(one)
    ]


def last_sequence(endpoints: Endpoints) -> int:
    """The number of what the gateway served last; 0 before anything was."""
    return max((one["sequence"] for one in served_requests(endpoints)), default=0)


def ledger_rows(endpoints: Endpoints) -> Iterable[LedgerRow]:
    """Every row of the ledger."""
    return Ledger(boto3.client("s3"), endpoints.ledger_bucket).read("ledger/")


def is_billable(served: Mapping[str, Any]) -> bool:
    """By what the gateway itself saw of a request."""
    return served["status"] not in NOT_BILLABLE and served["resource_path"] != FREE_PATH


def everything_is_settled(endpoints: Endpoints) -> bool:
    """Whether the ledger has every request that the gateway served and that is to be billed."""
    served = sum(map(is_billable, served_requests(endpoints)))
    rows = settled_once(ledger_rows(endpoints)).values()
    settled = sum(row["meter"] == METER for row in rows)
    return settled >= served


def billed_events(endpoints: Endpoints) -> list[dict[str, Any]]:
    """Every event that Aforo accepted."""
    with Console(endpoints.aforo_url) as console:
        return console.events()


def billed_twice(events: Iterable[Mapping[str, Any]]) -> int:
    """Events that Aforo accepted beyond the first of each request and metric, by whatever key."""
    requests = Counter(
        (event["metadata"]["extendedRequestId"], event["metricName"]) for event in events
    )
    return sum(times - 1 for times in requests.values())


def _customer_account(
    endpoints: Endpoints,
    customer_id: str,
    witness: Iterable[Mapping[str, Any]],
    calls: Iterable[LedgerRow],
    events: Iterable[Mapping[str, Any]],
) -> CustomerAccount:
    counter = inspect(endpoints.functions["reconciliation"], customer_id)
    outcomes = Counter(row["outcome"] for row in calls if row["customerId"] == customer_id)
    return CustomerAccount(
        customer_id=customer_id,
        served=sum(
            one["customer_id"] == customer_id and one["status"] not in NOT_BILLABLE
            for one in witness
        ),
        billed=sum(
            event["customerId"] == customer_id and event["metadata"]["meter"] == METER
            for event in events
        ),
        in_ledger=outcomes["confirmed"],
        set_aside=outcomes["set_aside"],
        used=counter["used"],
        remaining=counter["remaining"],
    )
