"""Two sides of a bill, as `compare` answers them."""

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from functions.operator.command_line import main
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import FIELDS, REQUEST_TIME_MS

CUSTOMER = FIELDS["customerId"]
DAY = iso_from_epoch_ms(REQUEST_TIME_MS)[:10]


class Answer(NamedTuple):
    code: int
    requests: list[dict[str, Any]]
    days: list[dict[str, Any]]
    said: str

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Of each request: which side bills it, and why the other does not."""
        return [(one["side"], one["reason"]) for one in self.requests]


def plugin_event(request_id: str, **changes: Any) -> dict[str, Any]:
    """As Aforo's Lambda plugin posts a request of its log line."""
    event = {
        "customerId": CUSTOMER,
        "metricName": "api_calls",
        "quantity": 1,
        "occurredAt": iso_from_epoch_ms(REQUEST_TIME_MS),
        "idempotencyKey": request_id,
        "metadata": {"requestId": request_id, "stage": "prod"},
    }
    return event | changes


def compare(folder: Path, billed: object, lines: Sequence[str], *words: str) -> Answer:
    """`billed`: a text as it stands, or objects to be written as JSON lines."""
    theirs, ours = folder / "billed", folder / "access.log"
    is_text = isinstance(billed, str)
    theirs.write_text(str(billed) if is_text else "".join(f"{json.dumps(one)}\n" for one in billed))  # type: ignore[attr-defined]
    ours.write_text("".join(f"{line}\n" for line in lines))
    status, out, said = ask(str(theirs), str(ours), "--format", "json", *words)
    rows = [json.loads(line) for line in out.splitlines()]
    requests = [row for row in rows if row["row"] == "request"]
    return Answer(status, requests, [row for row in rows if row["row"] == "day"], said)


def ask(*words: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = main(["compare", *words])
    return code, out.getvalue(), error.getvalue()
