"""What the audit's count found of the last hour's requests, and of the windows that are open."""

import time
from itertools import chain
from typing import TYPE_CHECKING

from functions.audit.equation import Equation
from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore
from functions.operator.deployment.deployment import Deployment
from functions.operator.status.stack_status import AuditedStatus
from functions.usage.moment import DAY_MS, HOUR_MS, iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Ten are read at a time; by default a source has twelve in an hour.
MOST_RECORDS = 240


def audited_status(client: "S3Client", found: Deployment) -> AuditedStatus | None:
    """None where nothing was audited for a day. Open ones are read first, then the newest."""
    store = WindowStore(client, found.output("LedgerBucketName"))
    now_ms = time.time_ns() // 1_000_000
    states: dict[AuditWindow, bool] = {}
    for source in store.sources():
        states |= store.states(source, now_ms - DAY_MS, now_ms)
    if not states:
        return None
    is_open = [window for window, closed in states.items() if not closed][:MOST_RECORDS]
    recent = [one for one, closed in states.items() if closed and one.to_ms > now_ms - HOUR_MS]
    newest = sorted(recent, key=_end)[-(MOST_RECORDS - len(is_open)) :]
    records = chain(store.records(is_open, closed=False), store.records(newest, closed=True))
    equation = Equation.sum_of(record.equation for record in records)
    figures = [("served", equation.served), *equation.totals().items()]
    return AuditedStatus(
        until=iso_from_epoch_ms(max(map(_end, states))),
        windows=len(is_open) + len(newest),
        open_windows=sum(not closed for closed in states.values()),
        requests={str(name): count for name, count in figures if count},
    )


def _end(window: AuditWindow) -> int:
    return window.to_ms
