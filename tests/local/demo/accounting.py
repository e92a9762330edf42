"""Does it close? What four independent witnesses say of the same requests, side by side.

The gateway says what it served, metering what it counted, the ledger what was settled, Aforo's book
what was billed, the counters what is used. Nothing here trusts one of them for another.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import httpx

from functions.adapters.ledger import Ledger, settled_once
from functions.usage.ledger_row import LedgerRow
from tests.local.customers import inspect
from tests.local.endpoints import Endpoints

NOT_BILLABLE = frozenset({401, 403, 429})


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """One customer, by every witness; `used` and `remaining` are the counter's."""

    customer_id: str
    served: int  # answered, and neither 401, 403 nor 429
    billed: int  # accepted by Aforo
    in_ledger: int  # confirmed
    used: int
    remaining: int

    @property
    def agrees(self) -> bool:
        return self.served == self.billed == self.in_ledger == self.used


@dataclass(frozen=True, slots=True)
class Account:
    """The whole run."""

    served: int
    logged: int
    billable: int
    excluded: Mapping[str, int]
    quarantined: int
    confirmed: int
    set_aside: int
    billed_twice: int
    accepted: int
    duplicates: int
    customers: list[CustomerAccount]

    @property
    def unaccounted(self) -> int:
        """Served, and neither billed nor excluded for a reason."""
        return self.served - self.confirmed - sum(self.excluded.values())

    @property
    def faults(self) -> list[str]:
        """Every way in which the table does not close; empty when it does."""
        checks = {
            "served = in the log": self.served == self.logged,
            "served = billable + excluded": self.served
            == self.billable + sum(self.excluded.values()),
            "billable = confirmed": self.billable == self.confirmed,
            "confirmed = accepted by Aforo": self.confirmed == self.accepted,
            "nothing is quarantined": self.quarantined == 0,
            "nothing is still set aside": self.set_aside == 0,
            "nothing is billed twice": self.billed_twice == 0,
            "nothing is unaccounted": self.unaccounted == 0,
            "every billed request belongs to a customer of the demo": self.confirmed
            == sum(one.in_ledger for one in self.customers),
            **{
                f"{one.customer_id}: served = billed = in the ledger = used": one.agrees
                for one in self.customers
            },
        }
        return [what for what, holds in checks.items() if not holds]


def account(endpoints: Endpoints) -> Account:
    """Ask every witness."""
    witness = served_requests(endpoints)
    metered = metering_counts(endpoints)
    rows = settled_once(ledger_rows(endpoints)).values()
    confirmed = [row for row in rows if row["outcome"] == "confirmed"]
    book = httpx.get(f"{endpoints.aforo_url}/_ledger", timeout=30).json()
    return Account(
        served=len(witness),
        logged=len(access_log_lines(endpoints)),
        billable=metered["billed"],
        excluded={
            reason.removeprefix("excluded:"): times
            for reason, times in sorted(metered.items())
            if reason.startswith("excluded:")
        },
        quarantined=metered["quarantined"],
        confirmed=len(confirmed),
        set_aside=len(rows) - len(confirmed),
        billed_twice=billed_twice(endpoints),
        accepted=book["accepted"],
        duplicates=book["duplicates"],
        customers=[
            _customer_account(endpoints, one.customer_id, witness, confirmed, book["by_customer"])
            for one in endpoints.customers
        ],
    )


def served_requests(endpoints: Endpoints) -> list[dict[str, Any]]:
    """Every request that the gateway answered."""
    answer = httpx.get(
        f"{endpoints.gateway_url}/_witness/requests", params={"limit": 200_000}, timeout=30
    )
    found: list[dict[str, Any]] = answer.raise_for_status().json()["requests"]
    return found


def access_log_lines(endpoints: Endpoints) -> list[str]:
    """The access log as CloudWatch Logs has it, stream by stream: FilterLogEvents does not page
    on ministack.
    """
    logs = boto3.client("logs")
    streams = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=endpoints.access_log_group
    )
    names = [stream["logStreamName"] for page in streams for stream in page["logStreams"]]
    return [line for name in names for line in _stream_lines(logs, endpoints, name)]


def _stream_lines(logs: Any, endpoints: Endpoints, stream: str) -> Iterable[str]:
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(
            logGroupName=endpoints.access_log_group,
            logStreamName=stream,
            startFromHead=True,
            **token,
        )
        yield from (event["message"] for event in page["events"])
        if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
            return
        token = {"nextToken": page["nextForwardToken"]}


def metering_counts(endpoints: Endpoints) -> Counter[str]:
    """What metering said of its deliveries: billed, quarantined, and excluded by reason."""
    logs = boto3.client("logs")
    group = boto3.client("lambda").get_function_configuration(
        FunctionName=endpoints.functions["metering"]
    )["LoggingConfig"]["LogGroup"]
    counts: Counter[str] = Counter()
    streams = logs.get_paginator("describe_log_streams").paginate(logGroupName=group)
    for stream in (one for page in streams for one in page["logStreams"]):
        events = logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
        for event in events:
            _add_report(counts, event["message"])
    return counts


def _add_report(counts: Counter[str], message: str) -> None:
    if '"usage.metered"' not in message:
        return
    report = json.loads(message)
    counts["billed"] += report.get("requests_billed", 0)
    counts["quarantined"] += sum(report.get("quarantined", {}).values())
    for reason, times in report.get("excluded", {}).items():
        counts[f"excluded:{reason}"] += times


def ledger_rows(endpoints: Endpoints) -> Iterable[LedgerRow]:
    """Every row of the ledger."""
    return Ledger(boto3.client("s3"), endpoints.ledger_bucket).read("ledger/")


def billed_twice(endpoints: Endpoints) -> int:
    """Events that Aforo accepted beyond the first of each request and metric, by whatever key."""
    answer = httpx.get(f"{endpoints.aforo_url}/_ledger/events", timeout=60).json()
    requests = Counter(
        (event["metadata"]["extendedRequestId"], event["metricName"]) for event in answer["events"]
    )
    return sum(times - 1 for times in requests.values())


def _customer_account(
    endpoints: Endpoints,
    customer_id: str,
    witness: Iterable[Mapping[str, Any]],
    confirmed: Iterable[LedgerRow],
    billed: Mapping[str, int],
) -> CustomerAccount:
    counter = inspect(endpoints.functions["reconciliation"], customer_id)
    return CustomerAccount(
        customer_id=customer_id,
        served=sum(
            one["customer_id"] == customer_id and one["status"] not in NOT_BILLABLE
            for one in witness
        ),
        billed=billed.get(customer_id, 0),
        in_ledger=sum(row["customerId"] == customer_id for row in confirmed),
        used=counter["used"],
        remaining=counter["remaining"],
    )
