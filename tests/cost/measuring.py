"""What one invocation of each function takes, measured: CPU, calls, bytes sent, bytes of log.

The handlers as deployed and warm, against `tests.bench.sink` and a real Valkey, from here to a list
of figures. Log bytes are counted at the file descriptor, so whatever writes them counts.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from functions.usage.message import SettledUsage, to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.bench.deliveries import delivery
from tests.bench.far_end import counted
from tests.bench.provisioned import provision
from tests.fakes.access_log_lines import LOG_GROUP, subscription_payload
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.forwarding import now_ms, sqs_record, usage_event, usage_message
from tests.fakes.lambda_context import lambda_context

# Events of one invocation. Between them costs are taken to grow in a straight line.
SIZES = (1, 3, 10, 30, 100, 300, 1_000, 3_000)
# Lines of a window, and the objects that the ledger has of its time: as at 1, 10 and 100 million
# requests a month.
AUDITED = ((100, 40), (1_000, 60), (5_000, 70))
WARM_UP = 5
RUNS = 20
EVENTS_A_MESSAGE = 80  # about 64 KB, as metering packs them

_NUMBERS = count()

type Call = Callable[[], object]


class Figures(NamedTuple):
    """Of one invocation."""

    events: int
    cpu_ms: float
    log_bytes: int
    calls: dict[str, float]
    sent_bytes: dict[str, float]


def measure_all(sink_url: str, redis_url: str) -> dict[str, Any]:
    """Every figure of the price list; the environment of the functions is set already."""
    with _to_file() as logs:
        meter = Meter(sink_url, logs)
        idle = {name: meter.figures(0, call) for name, call in _idle_minute().items()}
        audits = [meter.figures(0, _audit(sink_url, 0, 0))]
        idle_metrics = _metrics_in(logs)
        audits += [meter.figures(lines, _audit(sink_url, lines, of)) for lines, of in AUDITED]
        return {
            "idle": idle,
            "audit": audits,
            "metering": [meter.figures(size, _metering(size)) for size in SIZES],
            "forwarder": [meter.figures(size, _forwarder(size)) for size in SIZES],
            "reconciliation": [meter.figures(size, _reconciliation(size)) for size in SIZES],
            "authorizer": meter.figures(1, _authorizer(redis_url)),
            "idleMetrics": idle_metrics,
            "metrics": _metrics_in(logs),
        }


class Meter(NamedTuple):
    """Runs a call some times, and looks at what has been counted before and after."""

    sink_url: str
    logs: Path

    def figures(self, events: int, call: Call) -> Figures:
        for _ in range(WARM_UP):
            call()
        before, logged, used = counted(self.sink_url), self.logs.stat().st_size, []
        for _ in range(RUNS):
            begun = time.process_time_ns()
            call()
            used.append(time.process_time_ns() - begun)
        after = counted(self.sink_url)
        return Figures(
            events,
            round(sorted(used)[RUNS // 2] / 1e6, 3),
            (self.logs.stat().st_size - logged) // RUNS,
            _each(before["calls"], after["calls"]),
            _each(before["bytes"], after["bytes"]),
        )


def _each(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, float]:
    grown = {kind: (count - before.get(kind, 0)) / RUNS for kind, count in after.items()}
    return {kind: round(count, 2) for kind, count in grown.items() if count}


@contextmanager
def _to_file() -> Iterator[Path]:
    """Whatever is written to file descriptor 1 goes into a file, without a buffer before it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "stdout"
        kept = os.dup(1)
        with path.open("ab") as opened:
            os.dup2(opened.fileno(), 1)
        os.set_blocking(1, True)
        try:
            yield path
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def _flushing(call: Call) -> Call:
    def run() -> None:
        call()
        sys.stdout.flush()

    return run


def _metering(events: int) -> Call:
    from functions.metering.handler import handler  # noqa: PLC0415 - settings are read from the environment

    payload, context = delivery(events, now_ms() - 60_000), lambda_context("metering")
    return _flushing(lambda: handler(payload, context))


def _forwarder(events: int) -> Call:
    from functions.forwarder.handler import handler  # noqa: PLC0415

    records = [
        sqs_record(
            usage_message(
                [_event(number) for number in range(start, min(start + EVENTS_A_MESSAGE, events))]
            ),
            message_id=str(start),
            sent_ms=now_ms(),
        )
        for start in range(0, events, EVENTS_A_MESSAGE)
    ]
    context = lambda_context("forwarder")
    return _flushing(lambda: handler({"Records": records}, context))


def _event(number: int) -> Any:
    return usage_event(number, occurred_ms=now_ms() - 60_000)


def _reconciliation(events: int) -> Call:
    from functions.reconciliation.handler import handler  # noqa: PLC0415

    # What was counted before changes nothing, and would be no usage.
    batches = iter([_settled(events) for _ in range(WARM_UP + RUNS)])
    context = lambda_context("reconciliation")
    return _flushing(lambda: handler({"Records": next(batches)}, context))


def _settled(events: int) -> list[dict[str, Any]]:
    """Messages of that many events, none of which is in another list."""
    rows: list[SettledUsage] = [
        {
            "key": f"apigw1-{next(_NUMBERS):040x}",
            "customerId": f"cus_{number % 50}",
            "meter": "api_calls",
            "quantity": 1,
            "occurredAt": iso_from_epoch_ms(now_ms() - 60_000),
        }
        for number in range(events)
    ]
    return [
        sqs_record(to_body({"version": 1, "settled": rows[start : start + 300]}))
        for start in range(0, events, 300)
    ]


def _audit(sink_url: str, lines: int, objects: int) -> Call:
    """One window, of a log that has so many lines in it, all of them in the ledger."""
    from functions.audit.count import handler  # noqa: PLC0415

    httpx.post(f"{sink_url}/_audit/{lines}/{objects}").raise_for_status()
    context = lambda_context("audit")

    def count() -> None:
        done = handler({}, context)
        if (done["windows"], done["behind"], done["unaccounted"]) != (1, 0, 0):
            raise AssertionError(done)

    return _flushing(count)


def _authorizer(redis_url: str) -> Call:
    from functions.authorizer.handler import handler  # noqa: PLC0415

    provision(redis_url)
    event = authorizer_event("Bearer sk_live_1")
    context = lambda_context("authorizer")

    def decide() -> None:
        policy = json.loads(json.dumps(handler(json.loads(json.dumps(event)), context)))
        if "code" in policy["context"]:
            raise AssertionError(policy)

    return _flushing(decide)


def _idle_minute() -> dict[str, Call]:
    """What each minute calls where nobody calls the API: a heartbeat's way, and reconcile."""
    from functions.forwarder.handler import handler as forward  # noqa: PLC0415
    from functions.metering.handler import handler as meter  # noqa: PLC0415
    from functions.reconciliation.fetch_handler import handler as fetch  # noqa: PLC0415
    from functions.reconciliation.handler import handler as reconcile  # noqa: PLC0415
    from functions.usage.heartbeat import HEARTBEAT_STREAM, heartbeat_line  # noqa: PLC0415

    context = lambda_context("idle")

    def beat() -> str:
        return to_body({"version": 1, "heartbeatAtMs": now_ms(), "logGroup": LOG_GROUP})

    def line() -> dict[str, Any]:
        return subscription_payload([heartbeat_line(now_ms())], logStream=HEARTBEAT_STREAM)

    sources = meter({"listSources": True}, context)
    due = {
        "meter": "api_calls",
        "most": 50,
        "sources": sources["sources"],
        "areSourcesKnown": True,
    }
    calls: dict[str, Call] = {
        "metering: sources": lambda: meter({"listSources": True}, context),
        "metering": lambda: meter(line(), context),
        "forwarder": lambda: forward({"Records": [sqs_record(beat(), sent_ms=now_ms())]}, context),
        "reconciliation": lambda: reconcile({"Records": [sqs_record(beat())]}, context),
        "reconcile: due": lambda: reconcile({"due": due}, context),
        "reconcile: fetch": lambda: fetch({"meter": "api_calls", "customers": []}, context),
        "reconcile: apply": lambda: reconcile({"apply": {"meter": "api_calls"}}, context),
    }
    return {name: _flushing(call) for name, call in calls.items()}


def _metrics_in(logs: Path) -> list[str]:
    """The custom metrics written so far: each name with each set of dimension values."""
    return sorted({metric for line in logs.open("rb") for metric in _metrics_of(json.loads(line))})


def _metrics_of(record: dict[str, Any]) -> Iterator[str]:
    for directive in record.get("_aws", {}).get("CloudWatchMetrics", []):
        for names in directive["Dimensions"]:
            values = " ".join(f"{name}={record[name]}" for name in names)
            for metric in directive["Metrics"]:
                yield f"{metric['Name']} {values}".strip()
