"""What four independent witnesses say of the same requests, side by side.

The gateway says what it served, metering what it counted, the ledger what was settled, Aforo's book
what was billed, the counters what is used. Nothing here trusts one of them for another.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import boto3
import httpx

from functions.adapters.ledger import Ledger, settled_once
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.ledger_row import LedgerRow
from tests.local.customers import METER, inspect
from tests.local.demo.account import Account, CustomerAccount, SecondMeter, StillSetAside
from tests.local.demo.depth import waiting
from tests.local.demo.forger import Forgery
from tests.local.endpoints import Endpoints

NOT_BILLABLE = frozenset({401, 403, 429})


def account(endpoints: Endpoints, forgery: Forgery) -> Account:
    """Ask every witness."""
    witness = served_requests(endpoints)
    metered = metering_counts(endpoints)
    rows = list(settled_once(ledger_rows(endpoints)).values())
    calls = [row for row in rows if row["meter"] == METER]
    confirmed = [row for row in calls if row["outcome"] == "confirmed"]
    set_aside = [row for row in rows if row["outcome"] == "set_aside"]
    book = httpx.get(f"{endpoints.aforo_url}/_ledger", timeout=30).json()
    events = billed_events(endpoints)
    return Account(
        served=len(witness),
        logged=logged_requests(endpoints),
        billable=metered["billed"],
        excluded={
            reason.removeprefix("excluded:"): times
            for reason, times in sorted(metered.items())
            if reason.startswith("excluded:")
        },
        quarantined=metered["quarantined"],
        confirmed=len(confirmed),
        still_set_aside=tuple(map(_still_set_aside, set_aside)),
        unforwarded=waiting(endpoints, "unforwarded"),
        second_meter=SecondMeter(
            metered=metered["events"] - metered["billed"],
            confirmed=sum(row["meter"] != METER and row["outcome"] == "confirmed" for row in rows),
        ),
        billed_twice=billed_twice(events),
        accepted=book["accepted"],
        duplicates=book["duplicates"],
        forged=forgery.billed_to(events),
        forger=forgery.forger,
        customers=[
            _customer_account(endpoints, one.customer_id, witness, calls, events)
            for one in endpoints.customers
        ],
    )


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


def logged_requests(endpoints: Endpoints) -> int:
    """Requests in the logs that are metered."""
    return len(access_log_lines(endpoints)) + len(execution_log_requests(endpoints))


def access_log_lines(endpoints: Endpoints) -> list[str]:
    """The access log as CloudWatch Logs has it."""
    return list(log_lines(endpoints.access_log_group))


def execution_log_requests(endpoints: Endpoints) -> set[str]:
    """The extended request ids in the execution log, each in the first line of its request. What a
    client wrote stands behind other labels, never at the front of a log event.
    """
    texts = (line.partition(") ")[2] for line in log_lines(endpoints.execution_log_group))
    return {text for text in texts if text.startswith("Extended Request Id: ")}


def log_lines(group: str) -> Iterable[str]:
    """A log group's lines, stream by stream: FilterLogEvents does not page on ministack. The
    heartbeat's stream holds no requests.
    """
    logs = boto3.client("logs")
    streams = logs.get_paginator("describe_log_streams").paginate(logGroupName=group)
    names = [stream["logStreamName"] for page in streams for stream in page["logStreams"]]
    for name in names:
        if name != HEARTBEAT_STREAM:
            yield from _stream_lines(logs, group, name)


def _stream_lines(logs: Any, group: str, stream: str) -> Iterable[str]:
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True, **token
        )
        yield from (event["message"] for event in page["events"])
        if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
            return
        token = {"nextToken": page["nextForwardToken"]}


def metering_counts(endpoints: Endpoints) -> Counter[str]:
    """What metering said of its deliveries: requests billed, events, quarantined, and excluded by
    reason.
    """
    group = boto3.client("lambda").get_function_configuration(
        FunctionName=endpoints.functions["metering"]
    )["LoggingConfig"]["LogGroup"]
    counts: Counter[str] = Counter()
    for line in log_lines(group):
        _add_report(counts, line)
    return counts


def _add_report(counts: Counter[str], message: str) -> None:
    if '"usage.metered"' not in message:
        return
    report = json.loads(message)
    counts["billed"] += report.get("requests_billed", 0)
    counts["events"] += report.get("events", 0)
    counts["quarantined"] += sum(report.get("quarantined", {}).values())
    for reason, times in report.get("excluded", {}).items():
        counts[f"excluded:{reason}"] += times


def ledger_rows(endpoints: Endpoints) -> Iterable[LedgerRow]:
    """Every row of the ledger."""
    return Ledger(boto3.client("s3"), endpoints.ledger_bucket).read("ledger/")


def everything_is_settled(endpoints: Endpoints) -> bool:
    """Whether the ledger has every event that metering reported."""
    events = metering_counts(endpoints)["events"]
    return len(settled_once(ledger_rows(endpoints))) >= events


def billed_events(endpoints: Endpoints) -> list[dict[str, Any]]:
    """Every event that Aforo accepted."""
    answer = httpx.get(f"{endpoints.aforo_url}/_ledger/events", timeout=60)
    found: list[dict[str, Any]] = answer.raise_for_status().json()["events"]
    return found


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
