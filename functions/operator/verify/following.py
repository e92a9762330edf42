"""Follow one request from its answer to the counter, by what each hop leaves behind.

The log has the line; the ledger row has the times at which the event was metered, queued and
confirmed; reconciliation says whether its mark is set. Nothing is added to the walk for this.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx
from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.ledger import Ledger, settled_once
from functions.operator.aws_words import in_plain_words
from functions.operator.verify.hop import Hop, Stopped
from functions.operator.verify.log_line import facts_of
from functions.operator.verify.target import Target
from functions.operator.verify.whereabouts import where_it_waits
from functions.usage.event import RequestIdentity
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import epoch_ms_from_iso, hour_of, iso_from_epoch_ms

POLL_SECONDS = 0.4
# Clocks of two machines and S3's whole seconds: what was written just before we asked counts too.
SLACK = timedelta(seconds=60)


class Follower:
    """One request on its way. `hops` yields each hop as it is passed."""

    def __init__(self, target: Target, *, wait_seconds: float, meter: str) -> None:
        self._target = target
        self._meter = meter
        self._wait_seconds = wait_seconds
        self._deadline = 0.0
        self._began_ms = 0
        self._looking_for = "answered"
        self._extended_id = ""
        self.key = ""

    def hops(self) -> Iterator[Hop]:
        """Raises Stopped at the first hop that is not passed within the time."""
        try:
            yield from self._walk()
        except (BotoCoreError, ClientError) as error:
            check = "that your AWS credentials, their permissions and the Region are the stack's."
            raise Stopped(
                self._looking_for, f"AWS does not say: {in_plain_words(error)}", check
            ) from None

    def _walk(self) -> Iterator[Hop]:
        self._deadline = time.monotonic() + self._wait_seconds
        self._began_ms = time.time_ns() // 1_000_000
        yield self._answered()
        line, logged = self._in_the_log()
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

    def _answered(self) -> Hop:
        try:
            answer = httpx.get(self._target.url, headers=self._target.headers, timeout=35)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            check = "that the URL is right and reachable from here."
            raise Stopped("answered", f"no answer: {error}", check) from None
        self._extended_id = answer.headers.get("x-amz-apigw-id", "")
        if answer.status_code in {401, 403, 429}:
            check = (
                "the credential, the customer's quota and grant: refused requests are not billed."
            )
            raise Stopped("answered", f"HTTP {answer.status_code}: {answer.text[:200]}", check)
        if not self._extended_id:
            check = "that the URL is an API Gateway stage: its x-amz-apigw-id header is missing."
            raise Stopped("answered", f"HTTP {answer.status_code}, no request id", check)
        return Hop(
            "answered",
            self._since(time.time_ns() // 1_000_000),
            f"HTTP {answer.status_code}, extended request id {self._extended_id}",
        )

    def _in_the_log(self) -> tuple[dict[str, str], Hop]:
        logs = boto3.client("logs", region_name=self._target.region)

        def look() -> tuple[dict[str, str], Hop] | None:
            for group in self._target.log_groups:
                pages = logs.get_paginator("filter_log_events").paginate(
                    logGroupName=group,
                    startTime=self._began_ms - int(SLACK.total_seconds() * 1000),
                    filterPattern=f'"{self._extended_id}"',
                )
                # A page may be empty and the next one not (FilterLogEvents).
                for event in (event for page in pages for event in page["events"]):
                    if self._extended_id in event["message"]:
                        hop = self._hop_ms("in the log", event["ingestionTime"], group)
                        return self._facts(event, group), hop
            return None

        return self._wait(
            look,
            "in the log",
            "the stage's access log or execution log: it must go to the metered log group "
            f"({', '.join(self._target.log_groups)}), an access log in format v1 "
            "(docs/explanation/architecture.md).",
        )

    def _facts(self, log_event: Mapping[str, Any], log_group: str) -> dict[str, str]:
        # An execution log does not say whose account it is; the stack is in the same one.
        account_id = self._target.reconciliation.split(":")[4:5]
        return facts_of(
            log_event,
            log_group,
            extended_id=self._extended_id,
            account_id="".join(account_id),
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
            return settled_once(ledger.rows_of(hour, {self.key}, since)).get(self.key)

        try:
            return self._wait(look, "metered", "")
        except Stopped:
            raise where_it_waits(self._target, self._extended_id, since) from None

    def _set_aside(self, row: LedgerRow) -> Stopped:
        reason = f"set aside as {row.get('setAsideClass')}: {row.get('reason')}"
        check = "docs/reference/alarms.md, UsageDeadLetterAlarm; then replay from Step Functions."
        return Stopped("confirmed", reason, check)

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
        self._looking_for = hop
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
