"""Follow one request from its answer to the counter, by what each hop leaves behind.

The log has the line; the ledger row has the times at which the event was metered, queued and
confirmed; reconciliation says whether its mark is set. Nothing is added to the walk for this.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx

from functions.adapters.ledger import Ledger, hour_prefix, settled_once
from functions.audit.target import Target
from functions.usage.event import RequestIdentity
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import epoch_ms_from_iso, hour_of, iso_from_epoch_ms

POLL_SECONDS = 0.4
# Clocks of two machines and S3's whole seconds: what was written just before we asked counts too.
SLACK = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Hop:
    """A hop that was passed, `seconds` after the request was answered by the gateway."""

    name: str
    seconds: float
    detail: str


class Stopped(Exception):  # noqa: N818 - it is an ending, not an error of this program
    """The request did not get past `hop`."""

    def __init__(self, hop: str, reason: str, check: str) -> None:
        super().__init__(reason)
        self.hop = hop
        self.reason = reason
        self.check = check


class Follower:
    """One request on its way. `hops` yields each hop as it is passed."""

    def __init__(self, target: Target, *, wait_seconds: float, meter: str) -> None:
        self._target = target
        self._meter = meter
        self._wait_seconds = wait_seconds
        self._deadline = 0.0
        self._began_ms = 0
        self.key = ""

    def hops(self) -> Iterator[Hop]:
        """Raises Stopped at the first hop that is not passed within the time."""
        self._deadline = time.monotonic() + self._wait_seconds
        self._began_ms = time.time_ns() // 1_000_000
        extended_id, answered = self._answered()
        yield answered
        line, logged = self._in_the_log(extended_id)
        yield logged
        self.key = self._event_key(line)
        row = self._ledger_row(line)
        yield self._hop("metered", row["meteredAt"], self.key)
        yield self._hop("queued", row["queuedAt"], "UsageQueue")
        if row["outcome"] != "confirmed":
            raise self._set_aside(row)
        yield self._hop("confirmed", row["settledAt"], "Aforo answered accepted or duplicate")
        yield Hop("in the ledger", self._since(time.time_ns() // 1_000_000), row["customerId"])
        yield self._counted(row["customerId"])

    def _answered(self) -> tuple[str, Hop]:
        try:
            answer = httpx.get(self._target.url, headers=self._target.headers, timeout=35)
        except httpx.HTTPError as error:
            check = "that the URL is right and reachable from here."
            raise Stopped("answered", f"no answer: {error}", check) from None
        extended_id = answer.headers.get("x-amz-apigw-id", "")
        if answer.status_code in {401, 403, 429}:
            check = (
                "the credential, the customer's quota and grant: refused requests are not billed."
            )
            raise Stopped("answered", f"HTTP {answer.status_code}: {answer.text[:200]}", check)
        if not extended_id:
            check = "that the URL is an API Gateway stage: its x-amz-apigw-id header is missing."
            raise Stopped("answered", f"HTTP {answer.status_code}, no request id", check)
        return extended_id, Hop(
            "answered",
            self._since(time.time_ns() // 1_000_000),
            f"HTTP {answer.status_code}, extended request id {extended_id}",
        )

    def _in_the_log(self, extended_id: str) -> tuple[dict[str, str], Hop]:
        logs = boto3.client("logs", region_name=self._target.region)

        def look() -> tuple[dict[str, str], Hop] | None:
            for group in self._target.log_groups:
                found = logs.filter_log_events(
                    logGroupName=group,
                    startTime=self._began_ms - int(SLACK.total_seconds() * 1000),
                    filterPattern=f'"{extended_id}"',
                )
                for event in found["events"]:
                    if extended_id in event["message"]:
                        return json.loads(event["message"]), self._hop_ms(
                            "in the log", event["ingestionTime"], group
                        )
            return None

        return self._wait(
            look,
            "in the log",
            "the stage's access log: its destination must be the metered log group "
            f"({', '.join(self._target.log_groups)}) and its format v1 (docs/architecture.md).",
        )

    def _event_key(self, line: dict[str, str]) -> str:
        return RequestIdentity(
            line["accountId"],
            self._target.region,
            line["apiId"],
            line["stage"],
            line["extendedRequestId"],
        ).event_key(self._meter)

    def _ledger_row(self, line: dict[str, str]) -> LedgerRow:
        ledger = Ledger(
            boto3.client("s3", region_name=self._target.region), self._target.ledger_bucket
        )
        hour = hour_of(iso_from_epoch_ms(int(line["requestTimeEpoch"])))
        since = datetime.fromtimestamp(self._began_ms / 1000, UTC) - SLACK

        def look() -> LedgerRow | None:
            rows = ledger.read(hour_prefix(hour), since)
            return settled_once(row for row in rows if row["key"] == self.key).get(self.key)

        try:
            return self._wait(look, "metered", "")
        except Stopped:
            raise self._where_it_waits() from None

    def _where_it_waits(self) -> Stopped:
        """Not in the ledger: look for it on the road."""
        if kept := self._quarantined():
            check = f"s3://{self._target.quarantine_bucket}/{kept}: it names the reason."
            return Stopped("metered", "it was quarantined", check)
        waiting = self._depth(self._target.usage_queue_url)
        if waiting:
            check = "the forwarder's log: it says what Aforo answers, and when it tries again."
            return Stopped("confirmed", f"{waiting} messages wait in UsageQueue", check)
        check = (
            "the metering function's log and Errors metric, the log group's subscription filter, "
            "and whether configuration/metering.json counts this path with this meter."
        )
        return Stopped("metered", "no event of it was seen", check)

    def _set_aside(self, row: LedgerRow) -> Stopped:
        reason = f"set aside as {row.get('setAsideClass')}: {row.get('reason')}"
        check = "docs/operations.md, UnforwardedUsageAlarm; then replay from Step Functions."
        return Stopped("confirmed", reason, check)

    def _quarantined(self) -> str | None:
        s3 = boto3.client("s3", region_name=self._target.region)
        since = datetime.fromtimestamp(self._began_ms / 1000, UTC) - SLACK
        for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._target.quarantine_bucket
        ):
            for entry in page.get("Contents", []):
                if entry["LastModified"] >= since:
                    return entry["Key"]
        return None

    def _depth(self, queue_url: str) -> int:
        attributes = boto3.client("sqs", region_name=self._target.region).get_queue_attributes(
            QueueUrl=queue_url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return sum(int(count) for count in attributes.values())

    def _counted(self, customer_id: str) -> Hop:
        functions = boto3.client("lambda", region_name=self._target.region)
        question = {"customerId": customer_id, "meter": self._meter, "keys": [self.key]}

        def look() -> Hop | None:
            answer = functions.invoke(
                FunctionName=self._target.reconciliation,
                Payload=json.dumps({"inspect": question}).encode(),
            )
            found: dict[str, Any] = json.loads(answer["Payload"].read())
            if not found.get("marked", {}).get(self.key):
                return None
            detail = f"used {found['used']}, remaining {found['remaining']} of {found['limit']}"
            return Hop("counted", self._since(time.time_ns() // 1_000_000), detail)

        return self._wait(
            look,
            "counted",
            "SettledUsageQueue's age, the reconciliation function's log, and Redis. "
            "Billing is right without it; the quota lags.",
        )

    def _wait[Found](self, look: Callable[[], Found | None], hop: str, check: str) -> Found:
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() >= self._deadline:
                raise Stopped(hop, f"not seen within {self._wait_seconds:.0f} s", check)
            time.sleep(POLL_SECONDS)

    def _hop(self, name: str, moment: str, detail: str) -> Hop:
        return self._hop_ms(name, epoch_ms_from_iso(moment), detail)

    def _hop_ms(self, name: str, epoch_ms: int, detail: str) -> Hop:
        return Hop(name, self._since(epoch_ms), detail)

    def _since(self, epoch_ms: int) -> float:
        return (epoch_ms - self._began_ms) / 1000
