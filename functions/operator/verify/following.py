"""Follow one request from its answer to the counter, by what each hop leaves behind.

The log has the line; the ledger row has the times at which the event was metered, queued and
confirmed; reconciliation says whether its mark is set. Nothing is added to the walk for this.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.ledger import Ledger, settled_once
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import account_of
from functions.operator.verify.calling import call
from functions.operator.verify.hop import SILENT, Hop, NotSeen, Stopped, Telling
from functions.operator.verify.log_line import FollowedLine, facts_of, line_in_log
from functions.operator.verify.request_meaning import reading_terms, why_not_billed
from functions.operator.verify.target import Target
from functions.operator.verify.whereabouts import where_it_waits, where_now
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import epoch_ms_from_iso, hour_of, iso_from_epoch_ms

POLL_SECONDS = 0.4
# As often as a person is told something.
AROUND_SECONDS = 5.0
# Clocks of two machines and S3's whole seconds: what was written just before we asked counts too.
SLACK_MS = 60_000


class Follower:
    """One request on its way. `hops` yields each hop as it is passed."""

    def __init__(
        self, target: Target, *, wait_seconds: float, meter: str, telling: Telling = SILENT
    ) -> None:
        self._target = target
        self._telling = telling
        self._meter = meter
        self._wait_seconds = wait_seconds
        self._deadline = 0.0
        self._began_ms = 0
        self._looking_for = "answered"
        self._extended_id = ""
        self._around_at = 0.0
        self.key = ""

    def hops(self) -> Iterator[Hop]:
        """Raises Stopped at the first hop that is not passed within the time."""
        try:
            yield from self._walk()
        except (BotoCoreError, ClientError) as error:
            check = "that your AWS credentials, their permissions and the Region are the stack's."
            if self._target.is_local and isinstance(error, BotoCoreError):
                check = "`make local-stop`, then `make local`: some of the local cloud is gone."
            raise Stopped(self._looking_for, in_plain_words(error), check) from None

    def _walk(self) -> Iterator[Hop]:
        self._deadline = time.monotonic() + self._wait_seconds
        self._began_ms = time.time_ns() // 1_000_000
        yield self._answered()
        line, logged = self._in_the_log()
        yield logged
        self.key = line.identity.event_key(self._meter)
        row = self._ledger_row(line)
        yield self._hop("metered", row["meteredAt"], self.key)
        yield self._hop("queued", row["queuedAt"], "UsageQueue")
        if row["outcome"] != "confirmed":
            raise self._set_aside(row)
        yield self._hop("confirmed", row["settledAt"], "Aforo answered accepted or duplicate")
        yield Hop("in the ledger", self._since(time.time_ns() // 1_000_000), row["customerId"])
        yield self._counted(row["customerId"])

    def _answered(self) -> Hop:
        called = call(self._target.caller, self._target.headers, self._telling.say)
        self._extended_id = called.extended_id
        return Hop("answered", self._since(time.time_ns() // 1_000_000), called.detail)

    def _in_the_log(self) -> tuple[FollowedLine, Hop]:
        groups = ", ".join(self._target.log_groups)
        self._telling.doing(f"answered; its line is not yet in {groups}")
        logs = boto3.client("logs", region_name=self._target.region)

        def look() -> tuple[FollowedLine, Hop] | None:
            found = line_in_log(
                logs, self._target.log_groups, self._extended_id, self._looks_from_ms
            )
            if found is None:
                return None
            event, group = found
            hop = self._hop_ms("in the log", event["ingestionTime"], group)
            facts = facts_of(
                event,
                group,
                reading_terms(self._target.deployment, self._target.region),
                extended_id=self._extended_id,
                account_id=account_of(self._target.reconciliation),
            )
            return facts, hop

        return self._wait(
            look,
            "in the log",
            "the stage's access log or execution log: it must go to the metered log group "
            f"({groups}), an access log with the extended request id (docs/reference/logs.md).",
        )

    def _ledger_row(self, line: FollowedLine) -> LedgerRow:
        ledger = Ledger(
            boto3.client("s3", region_name=self._target.region), self._target.ledger_bucket
        )
        hour = hour_of(iso_from_epoch_ms(line.time_ms))
        since = datetime.fromtimestamp(self._looks_from_ms / 1000, UTC)

        def look() -> LedgerRow | None:
            row = settled_once(ledger.rows_of(hour, {self.key}, since)).get(self.key)
            if row is None:
                self._look_around()
            return row

        try:
            return self._wait(look, "metered", "")
        except NotSeen:
            raise where_it_waits(self._target, self._extended_id, since) from None

    def _look_around(self) -> None:
        """Now and then: whether it will be billed at all, and where it is now."""
        now = time.monotonic()
        if now < self._around_at or self._target.deployment is None:
            return
        self._around_at = now + AROUND_SECONDS
        why = why_not_billed(
            self._target.deployment, self._extended_id, self._looks_from_ms, self._meter
        )
        if why is not None:
            raise why
        self._telling.doing(where_now(self._target))

    def _set_aside(self, row: LedgerRow) -> Stopped:
        reason = f"set aside as {row.get('setAsideClass')}: {row.get('reason')}"
        check = (
            "docs/reference/alarms.md, UsageDeadLetterAlarm; when the cause is gone:"
            " `aforo-metering replay start --dry-run`."
        )
        return Stopped("confirmed", reason, check)

    def _counted(self, customer_id: str) -> Hop:
        self._telling.doing("billed, and not yet counted: it is in SettledUsageQueue")
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

    @property
    def _looks_from_ms(self) -> int:
        """Nothing of the request is older."""
        return self._began_ms - SLACK_MS

    def _wait[Found](self, look: Callable[[], Found | None], hop: str, check: str) -> Found:
        self._looking_for = hop
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() >= self._deadline:
                raise NotSeen(hop, f"not seen within {self._wait_seconds:.0f} s", check)
            time.sleep(POLL_SECONDS)

    def _hop(self, name: str, moment: str, detail: str) -> Hop:
        return self._hop_ms(name, epoch_ms_from_iso(moment), detail)

    def _hop_ms(self, name: str, epoch_ms: int, detail: str) -> Hop:
        return Hop(name, self._since(epoch_ms), detail)

    def _since(self, epoch_ms: int) -> float:
        return (epoch_ms - self._began_ms) / 1000
