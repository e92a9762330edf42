"""Measured figures and list prices -> dollars: of an idle month, of a million requests at a rate.

Pure. What was measured stands in measured.json, what AWS asks in list_prices.json; what had to be
assumed is a named constant here, with its source, and cost.md prints every one of them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

from tests.cost.audit_cost import (
    RUN_LISTS,
    RUN_SECONDS,
    WITNESS_LISTS,
    Window,
)

MONTH_SECONDS = 30 * 86_400
MONTH_MINUTES = MONTH_SECONDS // 60
SQS_CHUNK = 64 * 1024  # each started 64 KB of a call is a request (AWS: SQS pricing)
SQS_BATCH = 10  # messages that one receive or delete takes at most
VCPU_MB = 1_769  # memory at which Lambda gives a function one vCPU (AWS: configuration-memory)
INVOCATION_BYTES = 6_000_000  # of an event source's batch
MIB = 1024 * 1024
GB = 1e9

# Assumed, because only AWS can show it.
POLLERS = 5  # with which Lambda begins to poll a queue (AWS: with-sqs)
POLLS_A_MINUTE = POLLERS * 3  # a long poll lasts 20 s at most
RUNTIME_MS = 1.0  # Lambda's own part of an invocation
AWS_CALL_MS = 12.0  # a call to SQS or S3 in the Region
AFORO_POST_MS = 80.0
AUTHORIZER_WAIT_MS = 1.5  # Redis in the same VPC
POSTS_AT_ONCE = 4
PLATFORM_LOG_BYTES = 750  # platform.start and platform.report, in JSON
LINE_BYTES = 640  # our format v1
LEDGER_MONTHS = 13  # how long a ledger object lives (template.yaml), rounded up
EXPRESS_SECONDS = 2.0  # of one reconcile where nobody is due
REPAIR_RUN_SECONDS = 1.0  # a run that finds nothing new
SOURCE_CHECK_METRICS = 2
METRICS_READ_OF_A_SOURCE = 4  # served, read, and deliveries that failed or were throttled
SOURCE_CHECK_CALLS = 6  # of one source
REPAIR_US_A_ROW = 18.0  # read and summed, measured on 400,000 rows


class Rate(NamedTuple):
    """A traffic, and how many lines CloudWatch puts into one delivery at it (assumed)."""

    requests_a_month: int
    lines_a_delivery: int

    @property
    def per_second(self) -> float:
        return self.requests_a_month / MONTH_SECONDS


RATES = (Rate(10**6, 1), Rate(10**7, 2), Rate(10**8, 10), Rate(10**10, 200))


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What of the template decides the bill."""

    alarm_metrics: int
    composite_alarms: int
    dashboards: int
    metering_mb: int
    forwarder_mb: int
    reconciliation_mb: int
    repair_mb: int
    authorizer_mb: int
    audit_mb: int
    audit_window: int
    forwarder_window: int
    forwarder_batch: int
    reconciliation_window: int
    platform_lines: bool  # Lambda's own log lines
    incomplete_schedule: bool
    lists_a_month: int  # of the repair
    reads_an_object: float  # of the repair


class Measured:
    """Figures by function and size, in a straight line between two that were measured."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found

    def at(self, function: str, events: float) -> "Cost":
        rows = self._found[function]
        sizes = [row[0] for row in rows]
        if events <= sizes[0]:
            return Cost.of(rows[0])
        for (low, high), (left, right) in zip(pairwise(sizes), pairwise(rows), strict=True):
            if events <= high:
                return Cost.of(left).toward(Cost.of(right), (events - low) / (high - low))
        return Cost.of(rows[-1]).times(events / sizes[-1])

    def one(self, function: str) -> "Cost":
        return Cost.of(self._found[function])

    def idle(self) -> Mapping[str, "Cost"]:
        return {name: Cost.of(row) for name, row in self._found["idle"].items()}

    @property
    def idle_metrics(self) -> int:
        """Custom metrics that are written without a request."""
        return len(self._found["idleMetrics"])

    @property
    def traffic_metrics(self) -> int:
        """Those that are written besides as soon as there are requests."""
        return len(self._found["metrics"]) - self.idle_metrics


@dataclass(frozen=True)
class Cost:
    """Of one invocation."""

    cpu_ms: float
    log_bytes: float
    calls: Mapping[str, float]
    sent: Mapping[str, float]

    @classmethod
    def of(cls, row: Any) -> "Cost":
        _, cpu_ms, log_bytes, calls, sent = row
        return cls(cpu_ms, log_bytes, calls, sent)

    def toward(self, other: "Cost", part: float) -> "Cost":
        def between(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, float]:
            names = a.keys() | b.keys()
            return {
                name: a.get(name, 0) + part * (b.get(name, 0) - a.get(name, 0)) for name in names
            }

        return Cost(
            self.cpu_ms + part * (other.cpu_ms - self.cpu_ms),
            self.log_bytes + part * (other.log_bytes - self.log_bytes),
            between(self.calls, other.calls),
            between(self.sent, other.sent),
        )

    def times(self, factor: float) -> "Cost":
        return Cost(
            self.cpu_ms * factor,
            self.log_bytes,
            {name: count * factor for name, count in self.calls.items()},
            {name: size * factor for name, size in self.sent.items()},
        )

    def waits_ms(self) -> float:
        """Waiting is billed time too."""
        posts = math.ceil(self.calls.get("aforo.Post", 0) / POSTS_AT_ONCE) * AFORO_POST_MS
        others = sum(count for name, count in self.calls.items() if name != "aforo.Post")
        return posts + others * AWS_CALL_MS


class PriceList:
    """The arithmetic. Every row is dollars; names are the rows of docs/explanation/cost.md."""

    def __init__(self, prices: Mapping[str, Any], measured: Measured, stack: Stack) -> None:
        self._prices, self._measured, self._stack = prices, measured, stack

    def deployed_with(self, **changes: Any) -> "PriceList":
        """The same prices and measurements, of another `Stack`."""
        return PriceList(self._prices, self._measured, replace(self._stack, **changes))

    def of(self, name: str, count: float) -> float:
        """Dollars of so many of a thing."""
        price = self._prices[name]
        return float(price["dollars"]) * count / float(price["per"])

    # ------------------------------------------------------------------------------ idle
    def idle_month(self) -> dict[str, float]:
        """A month without one request: one access log, the caller's own Redis."""
        stack, beats = self._stack, self._measured.idle()
        parts = beats.values()
        log_bytes = sum(cost.log_bytes + self._platform_bytes for cost in parts)
        return {
            "alarms": self.of("alarmMetricMonth", stack.alarm_metrics)
            + self.of("compositeAlarmMonth", stack.composite_alarms),
            "custom metrics that are written without traffic": self.of(
                "metricMonth", self._measured.idle_metrics
            ),
            "KMS key and secret": self.of("kmsKeyMonth", 1) + self.of("secretMonth", 1),
            "KMS requests (data keys are used for 5 minutes)": self.of(
                "kmsRequest", 6 * MONTH_MINUTES / 5
            ),
            "SQS: polling of two queues": self.of("sqsRequest", 2 * POLLS_A_MINUTE * MONTH_MINUTES),
            "SQS: heartbeats": self.of("sqsRequest", 2 * 3 * MONTH_MINUTES),
            "reconcile, each minute": self.of("expressRequest", MONTH_MINUTES)
            + self.of("expressGbSecond", MONTH_MINUTES * EXPRESS_SECONDS * 0.0625),
            "Lambda, each minute": sum(
                self.function(1, cost.cpu_ms, cost.waits_ms(), self._memory(name)) * MONTH_MINUTES
                for name, cost in beats.items()
            ),
            "our own logs": self.of("logsGb", log_bytes * MONTH_MINUTES / GB),
            "repair: schedule, runs and LISTs": self.of("scheduledCall", MONTH_MINUTES / 5)
            + self.of("s3Write", stack.lists_a_month)
            + self.function(MONTH_MINUTES / 5, 0, REPAIR_RUN_SECONDS * 1000, stack.repair_mb),
            "source check: runs, its metrics, those that it reads": self._source_check(),
            "audit: runs, windows, LISTs": self._audit_idle(),
            "second witness, each hour": self._witness(),
            "replay of incomplete requests, each 5 minutes": self.of(
                "standardTransition", 11 * MONTH_MINUTES / 5
            )
            * stack.incomplete_schedule,
        }

    def _source_check(self) -> float:
        runs = MONTH_MINUTES / 5 + MONTH_MINUTES / 15
        read = METRICS_READ_OF_A_SOURCE * MONTH_MINUTES / 5
        return (
            self.of("scheduledCall", runs)
            + self.function(
                runs, 5, SOURCE_CHECK_CALLS * AWS_CALL_MS, self._stack.reconciliation_mb
            )
            + self.of("metricMonth", SOURCE_CHECK_METRICS)
            + self.of("metricRead", read)
        )

    def _audit_idle(self) -> float:
        runs = MONTH_SECONDS / RUN_SECONDS
        listed, run = self._measured.idle()["metering: sources"], self._measured.at("audit", 0)
        return (
            self.of("scheduledCall", runs)
            + self.function(runs, run.cpu_ms, run.waits_ms(), self._stack.audit_mb)
            + self.of("logsGb", runs * (run.log_bytes + self._platform_bytes) / GB)
            + self.function(runs, listed.cpu_ms, 0, self._stack.metering_mb)
            + self.of("s3Write", runs * RUN_LISTS + MONTH_SECONDS / self._stack.audit_window)
        )

    def _witness(self) -> float:
        hours = MONTH_SECONDS / 3_600
        windows = 3_600 / self._stack.audit_window
        return (
            self.of("scheduledCall", hours)
            + self.function(hours, 10, 10 * AWS_CALL_MS, self._stack.reconciliation_mb)
            + self.of("s3Write", hours * (WITNESS_LISTS + 1))
            + self.of("s3Read", hours * windows)
            + self.of("metricRead", hours)
        )

    def metrics_month(self) -> float:
        """Custom metrics that come with the first requests, of however many."""
        return self.of("metricMonth", self._measured.traffic_metrics)

    def dashboard_month(self) -> float:
        """A dashboard; AWS takes nothing for an account's first three."""
        return self.of("dashboardMonth", self._stack.dashboards)

    def cache_month(self) -> float:
        """ElastiCache Serverless at its least."""
        return self.of("cacheGbHour", 0.1 * 730)

    # ------------------------------------------------------------------------------ a million
    def per_million(self, rate: Rate) -> dict[str, float]:
        """A million requests at a rate, beyond API Gateway and the log that it writes."""
        walk = Walk(self._measured, self._stack, rate)
        stack = self._stack
        meter, forward, settle = walk.metering(), walk.forwarder(), walk.reconciliation()
        decide = self._measured.one("authorizer")
        deliveries, posts, settled = walk.deliveries, walk.invocations, walk.settlements
        return {
            "metering: Lambda": self.function(
                deliveries, meter.cpu_ms, meter.waits_ms(), stack.metering_mb
            ),
            "UsageQueue": self.of("sqsRequest", walk.usage_queue_requests()),
            "forwarder: Lambda": self.function(
                posts, forward.cpu_ms, forward.waits_ms(), stack.forwarder_mb
            ),
            "to Aforo, over the internet": self.of(
                "egressGb", posts * forward.sent.get("aforo.Post", 0) / GB
            ),
            "ledger: PUT and storage": self.of(
                "s3Write", posts * forward.calls.get("s3.PutObject", 0)
            )
            + self.of(
                "s3GbMonth", LEDGER_MONTHS * posts * forward.sent.get("s3.PutObject", 0) / GB
            ),
            "SettledUsageQueue": self.of("sqsRequest", walk.settled_queue_requests()),
            "reconciliation: Lambda": self.function(
                settled, settle.cpu_ms, settle.waits_ms() + 1, stack.reconciliation_mb
            ),
            "repair: reading the ledger": self.of("s3Read", posts * stack.reads_an_object)
            + self.function(
                0,
                0,
                posts * stack.reads_an_object * AWS_CALL_MS
                + 1e6 * stack.reads_an_object * REPAIR_US_A_ROW / 1000,
                stack.repair_mb,
            ),
            **self._audit(rate, posts),
            "authorizer: Lambda": self.function(
                1e6, decide.cpu_ms, AUTHORIZER_WAIT_MS, stack.authorizer_mb
            ),
            "our own logs": total(self.own_logs(rate)),
        }

    def own_logs(self, rate: Rate) -> dict[str, float]:
        """What a million requests log, by function."""
        walk = Walk(self._measured, self._stack, rate)
        written = {
            "metering": (walk.deliveries, walk.metering()),
            "forwarder": (walk.invocations, walk.forwarder()),
            "reconciliation": (walk.settlements, walk.reconciliation()),
            "authorizer": (1e6, self._measured.one("authorizer")),
        }
        return {
            name: self.of("logsGb", times * (cost.log_bytes + self._platform_bytes) / GB)
            for name, (times, cost) in written.items()
        }

    def log_bytes(self) -> dict[str, float]:
        """What one invocation writes into its log, of one event; by function."""
        names = ("metering", "forwarder", "reconciliation")
        found = {name: self._measured.at(name, 1).log_bytes for name in names}
        found["authorizer, allowed"] = self._measured.one("authorizer").log_bytes
        return {name: size + self._platform_bytes for name, size in found.items()}

    def _audit(self, rate: Rate, posts: float) -> dict[str, float]:
        """All windows of a month, for each million of its requests. A window's result, and what a
        run does without one, stand in the month.
        """
        stack, per_second = self._stack, rate.per_second
        window = Window(stack.audit_window, per_second, posts * per_second / 1e6)
        windows = window.a_month * 1e6 / rate.requests_a_month
        asked = self._measured.at("metering", window.requests / max(window.questions, 1))
        return {
            "audit: reading the ledger": self.of("s3Read", windows * window.gets)
            + self.of("s3Write", windows * window.lists),
            "audit: Lambda": self.function(0, 0, windows * self._audit_ms(window), stack.audit_mb)
            + self.function(windows * window.questions, asked.cpu_ms, 0, stack.metering_mb),
        }

    def _audit_ms(self, window: Window) -> float:
        """Beyond what a run takes that finds no line."""
        slower = max(1.0, VCPU_MB / self._stack.audit_mb)
        cpu = (
            self._measured.at("audit", window.requests).cpu_ms
            - self._measured.at("audit", 0).cpu_ms
        )
        return cpu * slower + window.waits_ms(AWS_CALL_MS)

    def one_message_an_event(self, rate: Rate) -> float:
        """SQS alone, if each event were a message: what packing saves."""
        batches = math.ceil(rate.lines_a_delivery / SQS_BATCH) / rate.lines_a_delivery
        walk = Walk(self._measured, self._stack, rate)
        received = min(1.0, max(0.1, 1 / min(SQS_BATCH, walk.messages_an_invocation)))
        return self.of("sqsRequest", 1e6 * (batches + 2 * received))

    def log_itself(self) -> float:
        """What a million lines cost as an access log in CloudWatch: not ours, but on the bill."""
        return self.of("logsGb", 1e6 * LINE_BYTES / GB)

    def firehose(self) -> float:
        """The same lines into Firehose instead, where each is billed as 5 KB."""
        return self.of("firehoseGb", 1e6 * 5 * 1024 / GB)

    # ------------------------------------------------------------------------------ parts
    @property
    def _platform_bytes(self) -> int:
        return PLATFORM_LOG_BYTES if self._stack.platform_lines else 0

    def _memory(self, name: str) -> int:
        part = name.partition(":")[0]
        sizes = {"metering": self._stack.metering_mb, "forwarder": self._stack.forwarder_mb}
        return sizes.get(part, self._stack.reconciliation_mb)

    def function(self, invocations: float, cpu_ms: float, wait_ms: float, memory_mb: int) -> float:
        """Requests and duration; without invocations `wait_ms` is all of the time there is."""
        slower = max(1.0, VCPU_MB / memory_mb)
        own_ms = RUNTIME_MS if invocations else 0.0
        seconds = max(invocations, 1) * (cpu_ms * slower + wait_ms + own_ms) / 1000
        return self.of("lambdaRequest", invocations) + self.of(
            "lambdaGbSecond", seconds * memory_mb / 1024
        )


class Walk:
    """How often each stop is called for a million requests at a rate."""

    def __init__(self, measured: Measured, stack: Stack, rate: Rate) -> None:
        self._measured, self._stack, self._rate = measured, stack, rate
        self.deliveries = 1e6 / rate.lines_a_delivery
        self.messages_a_delivery = math.ceil(rate.lines_a_delivery / 80)  # 64 KB each
        messages_a_second = rate.per_second / rate.lines_a_delivery * self.messages_a_delivery
        self.messages_an_invocation = min(
            float(stack.forwarder_batch),
            1 + messages_a_second / POLLERS * stack.forwarder_window,
            INVOCATION_BYTES / (self.events_a_message * 700),
        )
        self.events_an_invocation = self.messages_an_invocation * self.events_a_message
        self.invocations = 1e6 / self.events_an_invocation
        invocations_a_second = rate.per_second / self.events_an_invocation
        self._settled_messages = 1 + invocations_a_second / POLLERS * stack.reconciliation_window
        self.settlements = self.invocations / self._settled_messages

    @property
    def events_a_message(self) -> float:
        return self._rate.lines_a_delivery / self.messages_a_delivery

    def metering(self) -> Cost:
        return self._measured.at("metering", self._rate.lines_a_delivery)

    def forwarder(self) -> Cost:
        return self._measured.at("forwarder", self.events_an_invocation)

    def reconciliation(self) -> Cost:
        return self._measured.at("reconciliation", self.events_an_invocation)

    def usage_queue_requests(self) -> float:
        """Sent by deliveries; received and deleted by invocations."""
        size = self.metering().sent["AmazonSQS.SendMessageBatch"]
        received = size * self.messages_an_invocation / self.messages_a_delivery
        sent = self.deliveries * math.ceil(size / SQS_CHUNK)
        return sent + self.invocations * _taken(self.messages_an_invocation, received)

    def settled_queue_requests(self) -> float:
        size = self.forwarder().sent["AmazonSQS.SendMessageBatch"]
        sent = self.invocations * math.ceil(size / SQS_CHUNK)
        received = size * self._settled_messages
        return sent + self.settlements * _taken(self._settled_messages, received)


def _taken(messages: float, size: float) -> float:
    """The receives and deletes of one invocation."""
    receives = max(math.ceil(messages / SQS_BATCH), math.ceil(size / SQS_CHUNK))
    return receives + math.ceil(messages / SQS_BATCH)


def total(rows: Mapping[str, float] | Iterable[float]) -> float:
    return sum(rows.values() if isinstance(rows, Mapping) else rows)
