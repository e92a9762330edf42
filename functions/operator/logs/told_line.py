"""A log event comes in; what it tells a person leaves, or None: of ten lines that Lambda and the
metrics write, one says something.

Guaranteed: a line that is not understood is shown, and counts as a fault if it reads like one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from functions.adapters.telemetry import CUSTOMERS_DUE, FORWARDED, HEARTBEAT_METERED
from functions.usage.moment import iso_from_epoch_ms

# Around the facts: said of every line, or by a column of its own.
_AROUND = frozenset(
    {
        "level",
        "location",
        "timestamp",
        "service",
        "message",
        "xray_trace_id",
        "_aws",
        "sampling_rate",
    }
)
_FAULT_LEVELS = frozenset({"WARNING", "ERROR", "CRITICAL"})
_LAMBDA_SAYS = re.compile(r"(START|END|REPORT|INIT_START|EXTENSION|XRAY)\b")
_FAULT_WORDS = re.compile(r"Traceback|[Tt]imed? ?out|\bError\b|\[ERROR\]|Status: (timeout|error)")
_ENDED_BADLY = re.compile(r"(Failed|TimedOut|Aborted)$")
# Said each minute of a system that has nothing to do.
_HEARTBEATS = frozenset({HEARTBEAT_METERED, CUSTOMERS_DUE})


class ToldLine(NamedTuple):
    """`message` is a constant of the code, the type of an event of a state machine, a text, or the
    name of a metric where there is nothing but metrics. `figures` are the metrics of the line.
    """

    time: str
    level: str
    message: str
    facts: Mapping[str, object]
    figures: Mapping[str, object] = {}

    @property
    def is_fault(self) -> bool:
        """A warning, and whatever is worse."""
        return self.level in _FAULT_LEVELS

    @property
    def is_idle(self) -> bool:
        """Of heartbeats, or of metrics, alone."""
        if self.message == FORWARDED:
            return "outcomes" not in self.facts
        return self.message in _HEARTBEATS or self.message in self.figures

    def is_named(self, name: str) -> bool:
        """By its message, or by a metric that it holds."""
        return self.message == name or name in self.figures


def told_line(at_ms: int, text: str) -> ToldLine | None:
    """None for a start, an end and a report of Lambda's, and for a state machine's small steps."""
    time = iso_from_epoch_ms(at_ms)
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return _of_text(time, text.strip())
    if "execution_arn" in said:
        return _of_machine(time, said)
    if "type" in said and "record" in said:
        return _of_platform(time, said)
    return _of_function(time, said)


def _of_function(time: str, said: Mapping[str, object]) -> ToldLine | None:
    figures = {name: said[name] for name in _metrics_of(said.get("_aws")) if name in said}
    message = said.get("message") or said.get("errorMessage") or next(iter(figures), None)
    if not message:
        return None
    around = _AROUND | figures.keys()
    facts = {name: value for name, value in said.items() if name not in around}
    level = said.get("level") or ("INFO" if figures else "ERROR")
    return ToldLine(time, str(level), str(message), facts, figures)


def _metrics_of(declared: object) -> Iterator[str]:
    """The fields that are figures for CloudWatch (embedded metric format)."""
    parts = declared.get("CloudWatchMetrics", []) if isinstance(declared, Mapping) else []
    for part in parts:
        yield from (one["Name"] for one in part.get("Metrics", []))


def _of_platform(time: str, said: Mapping[str, object]) -> ToldLine | None:
    record = said["record"]
    status = record.get("status", "success") if isinstance(record, Mapping) else "success"
    if status == "success":
        return None
    return ToldLine(time, "ERROR", str(said["type"]), {"record": record})


def _of_machine(time: str, said: Mapping[str, object]) -> ToldLine | None:
    kind = str(said.get("type"))
    level = "ERROR" if _ENDED_BADLY.search(kind) else "INFO"
    if level == "INFO" and not kind.startswith("Execution"):
        return None
    facts = {name: said[name] for name in ("execution_arn", "details") if said.get(name)}
    return ToldLine(time, level, kind, facts)


def _of_text(time: str, text: str) -> ToldLine | None:
    is_fault = bool(_FAULT_WORDS.search(text))
    if not text or (_LAMBDA_SAYS.match(text) and not is_fault):
        return None
    return ToldLine(time, "ERROR" if is_fault else "", text, {})
