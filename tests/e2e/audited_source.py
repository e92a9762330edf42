"""A source as a test of the audit sees it: requests are served into its log, delivered or lost;
the audit counts and repairs them; where each of them is leaves, by every witness.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import boto3
from botocore.config import Config

from functions.adapters.ledger import Ledger, hour_prefix
from functions.audit.equation import Equation, WindowRecord
from functions.audit.window import AuditWindow, windows_between
from functions.audit.window_store import WindowStore
from functions.usage.ledger_row import LedgerRow
from functions.usage.metric import Metric
from functions.usage.moment import iso_from_epoch_ms
from tests.e2e.looking import start_anew, until
from tests.fakes.access_log_lines import access_line, subscription_payload
from tests.local.cloud import QUICK_AUDIT
from tests.local.demo.accounting import billed_events, billed_twice
from tests.local.demo.log_witness import log_lines
from tests.local.endpoints import Endpoints
from tests.local.metric_series import Point, Series, read_series
from tests.statemachine.execution import Execution, finished

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

WINDOW_MS = QUICK_AUDIT.window_seconds * 1000
DELAY_MS = QUICK_AUDIT.delay_seconds * 1000
CONFIGURATION = "configuration/metering.json"
FILTER = "aforo-metering"
# A count may have every window of some minutes to look at, and is not to be started twice.
PATIENT = Config(read_timeout=300, retries={"max_attempts": 0})

type Line = Mapping[str, Any]  # timestamp and message, as PutLogEvents takes it


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def window_of(at_ms: int) -> int:
    """Where the window begins that holds a moment."""
    return at_ms - at_ms % WINDOW_MS


class Range(NamedTuple):
    """Epoch milliseconds on windows' edges, `to_ms` not included."""

    from_ms: int
    to_ms: int

    @classmethod
    def of(cls, from_ms: int, windows: int) -> "Range":
        return cls(from_ms, from_ms + windows * WINDOW_MS)

    @property
    def due_ms(self) -> int:
        return self.to_ms + DELAY_MS

    def moments(self, times: int) -> list[int]:
        """Evenly over it."""
        return [self.from_ms + (self.to_ms - self.from_ms) * at // times for at in range(times)]


def past(windows: int) -> Range:
    """Windows that are due, but not the last of them: of a source that it does not know the count
    looks at that one, and at no other.
    """
    end = window_of(now_ms() - DELAY_MS) - 2 * WINDOW_MS
    return Range(end - windows * WINDOW_MS, end)


@dataclass
class AuditedSource:
    """`served` has whom each request that is to be billed belongs to, by its extended id.
    `declared_ms`: when it was put into the configuration.
    """

    endpoints: Endpoints
    name: str
    log_group: str
    served: dict[str, str] = field(default_factory=dict)
    counts: list[tuple[int, int]] = field(default_factory=list)  # began and ended
    declared_ms: int = 0

    def __post_init__(self) -> None:
        self.logs, self.lambdas = boto3.client("logs"), boto3.client("lambda", config=PATIENT)
        self.sfn: SFNClient = boto3.client("stepfunctions")
        s3, bucket = boto3.client("s3"), self.endpoints.ledger_bucket
        self.store, self.ledger = WindowStore(s3, bucket), Ledger(s3, bucket)

    # --- its log ---

    def serve(
        self, moments: Iterable[int], customer: str = "", spelt: Mapping[str, str] | None = None
    ) -> list[Line]:
        """The lines of one request at each moment; `spelt`: what a key is called instead."""
        return [self._line(at, customer or f"cus_{self.name}", spelt or {}) for at in moments]

    def _line(self, at_ms: int, customer: str, spelt: Mapping[str, str]) -> Line:
        extended_id = f"{self.name}{len(self.served):06}="
        self.served[extended_id] = customer
        facts = json.loads(
            access_line(
                extendedRequestId=extended_id, customerId=customer, requestTimeEpoch=str(at_ms)
            )
        )
        renamed = {spelt.get(name, name): fact for name, fact in facts.items()}
        return {"timestamp": at_ms, "message": json.dumps(renamed)}

    def put(self, lines: Sequence[Line], stream: str = "lines") -> None:
        """With a subscription filter they are delivered, too."""
        with suppress(self.logs.exceptions.ResourceAlreadyExistsException):
            self.logs.create_log_stream(logGroupName=self.log_group, logStreamName=stream)
        self.logs.put_log_events(
            logGroupName=self.log_group,
            logStreamName=stream,
            logEvents=lines,  # type: ignore[arg-type]
        )

    def deliver(self, lines: Sequence[Line], stream: str = "lines") -> None:
        """As CloudWatch Logs does it."""
        events = [{"id": f"{uuid4().int % 10**56:056}", **line} for line in lines]
        payload = subscription_payload(
            [], logGroup=self.log_group, logStream=stream, logEvents=events
        )
        answer = self.lambdas.invoke(
            FunctionName=self.endpoints.functions["metering"], Payload=json.dumps(payload).encode()
        )
        assert "FunctionError" not in answer, answer["Payload"].read()

    def subscribe(self) -> None:
        self.logs.put_subscription_filter(
            logGroupName=self.log_group,
            filterName=FILTER,
            filterPattern="",
            destinationArn=self.endpoints.functions["metering"],
        )

    # --- its audit ---

    def count(self) -> None:
        """As the schedule does it each five minutes; the schedule's own may be at work, too."""
        began = now_ms()
        self.lambdas.invoke(FunctionName=self.endpoints.functions["audit-count"], Payload=b"{}")
        self.counts.append((began, now_ms()))

    def start_audit(self, of: Range, **asked: object) -> str:
        """As a person does it; the execution's ARN."""
        told = {
            "source": self.name,
            "from": iso_from_epoch_ms(of.from_ms),
            "to": iso_from_epoch_ms(of.to_ms),
            **asked,
        }
        started = self.sfn.start_execution(
            stateMachineArn=self.endpoints.state_machines["audit"], input=json.dumps(told)
        )
        return started["executionArn"]

    def ended(self, execution_arn: str) -> Execution:
        return finished(self.sfn, execution_arn)

    def audit(self, of: Range, **asked: object) -> dict[str, Any]:
        """Its report."""
        ended = self.ended(self.start_audit(of, **asked))
        assert ended.status == "SUCCEEDED", ended.cause
        report: dict[str, Any] = ended.output["report"]
        return report

    def past_since_declared(self, windows: int) -> Range:
        """As `past`; the count repairs by itself only what the configuration in use has metered."""

        def look() -> Range | None:
            found = past(windows)
            return found if found.from_ms > self.declared_ms else None

        return until(look)

    def be_known_before(self, of: Range) -> None:
        """From a window that a person audited on, the count leaves none out."""
        self.audit(Range(of.from_ms - WINDOW_MS, of.from_ms))

    def repairs(self) -> list[Execution]:
        """Those that the count started, ended."""
        pages = self.sfn.get_paginator("list_executions").paginate(
            stateMachineArn=self.endpoints.state_machines["audit"]
        )
        return [
            finished(self.sfn, one["executionArn"])
            for page in pages
            for one in page["executions"]
            if one["name"].startswith(f"{self.name}-")
        ]

    # --- where its requests are ---

    def records(self, of: Range) -> dict[AuditWindow, WindowRecord]:
        """Of the windows that an audit has looked at."""
        found = {window: self.store.read(window) for window in self.windows(of)}
        return {window: record for window, record in found.items() if record}

    def windows(self, of: Range) -> list[AuditWindow]:
        return list(windows_between(self.name, *of, seconds=QUICK_AUDIT.window_seconds))

    def equation(self, of: Range) -> Equation | None:
        """Of all windows together, once each was looked at."""
        records = self.records(of)
        if len(records) < len(self.windows(of)):
            return None
        return Equation.sum_of(record.equation for record in records.values())

    def counted_until_closed(self, of: Range) -> Equation | None:
        """After one more count; None while a window is open."""
        self.count()
        equation = self.equation(of)
        return equation if equation and equation.is_closed else None

    def series(self) -> dict[Series, list[Point]]:
        """What the count has told so far, of every source."""
        name = self.endpoints.functions["audit-count"]
        settings = self.lambdas.get_function_configuration(FunctionName=name)
        return read_series(log_lines(settings["LoggingConfig"]["LogGroup"]))

    def figures(self, metric: Metric) -> list[Point]:
        """What it has told of this one, in the order of time."""
        return sorted(
            point
            for series, points in self.series().items()
            if series.metric == metric and self._is_its(series)
            for point in points
        )

    def _is_its(self, series: Series) -> bool:
        return ("Source", self.name) in series.dimensions

    def ledger_rows(self, of: Range) -> list[LedgerRow]:
        """Repeats included, of the hour in which the range begins."""
        hour = iso_from_epoch_ms(of.from_ms)[:13]
        customers = set(self.served.values())
        rows = self.ledger.read(hour_prefix(hour))
        return [row for row in rows if row["customerId"] in customers]

    def bill(self) -> list[dict[str, Any]]:
        """What Aforo accepted of what was served here."""
        return [
            event
            for event in billed_events(self.endpoints)
            if event["metadata"]["extendedRequestId"] in self.served
        ]

    def is_billed_once(self) -> None:
        """Each request, to its customer, and nothing twice to anybody."""
        assert billed_twice(billed_events(self.endpoints)) == 0
        found = [
            (event["metadata"]["extendedRequestId"], event["customerId"]) for event in self.bill()
        ]
        assert sorted(found) == sorted(self.served.items())


@contextmanager
def declared(endpoints: Endpoints) -> Iterator[AuditedSource]:
    """A log group of its own, declared while the test runs. Nothing delivers from it yet."""
    name = f"audited-{uuid4().hex[:8]}"
    source = AuditedSource(endpoints, name, f"/aws/apigateway/{name}")
    boto3.client("logs").create_log_group(logGroupName=source.log_group)
    declare(source)
    try:
        yield source
    finally:
        put_configuration(endpoints, [], {})


def declare(source: AuditedSource, fields: Mapping[str, str] | None = None) -> None:
    """`fields`: what its format calls our facts."""
    told = {"name": source.name, "logGroup": source.log_group, "kind": "access"}
    logs = {source.log_group: {"fields": fields}} if fields else {}
    put_configuration(source.endpoints, [told], logs)
    source.declared_ms = now_ms()
    # Instead of the minute in which every process reads it by itself.
    start_anew(source.endpoints.functions["metering"])


def put_configuration(
    endpoints: Endpoints, sources: Sequence[Mapping[str, str]], access_logs: Mapping[str, Any]
) -> None:
    version = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "accessLogs": access_logs,
    }
    body = json.dumps({"sources": sources, "versions": [version]}).encode()
    boto3.client("s3").put_object(
        Bucket=endpoints.configuration_bucket, Key=CONFIGURATION, Body=body
    )
