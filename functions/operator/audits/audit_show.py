"""`aforo-metering audit show`: the equation of the windows that were audited.

It reads only. Exit status 0: all of the range was looked at, and each request is where it stays
until somebody acts; 1: some is held or unaccounted, or was not looked at; 2: not understood.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Annotated

from cyclopts import Parameter

from functions.audit.window_store import WindowStore
from functions.operator.audits.account_forms import write_accounts
from functions.operator.audits.asked_range import ANY_TIME, AskedRange
from functions.operator.audits.audited_range import AuditedRange
from functions.operator.audits.source_account import SourceAccount
from functions.operator.aws_session import aws_session
from functions.operator.configuration_commands.metered_groups import metered_sources
from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.rows import RowFormat
from functions.operator.still_working import StillWorking
from functions.usage.errors import Permanent
from functions.usage.moment import DAY_MS


def show(
    *,
    source: Annotated[str | None, Parameter(help="only this source; without it: all")] = None,
    asked: AskedRange = ANY_TIME,
    form: Annotated[
        RowFormat, Parameter(name="--format", help="json and csv have a row a source")
    ] = "table",
    place: Place = HERE,
) -> int:
    """Without a time: the last 24 hours."""
    times = asked.times()
    now_ms = time.time_ns() // 1_000_000
    to_ms = now_ms if times.to_ms is None else times.to_ms
    from_ms = to_ms - DAY_MS if times.from_ms is None else times.from_ms
    deployment = find_deployment(place)
    s3 = aws_session(deployment.region).client("s3")
    store = WindowStore(s3, deployment.output("LedgerBucketName"))
    audited = AuditedRange(store, from_ms, to_ms, now_ms)
    with StillWorking("audit show", "reading what was audited") as working:
        known = {*metered_sources(deployment), *store.sources()}
        accounts = list(_accounts(audited, _chosen(source, known), working))
    write_accounts(accounts, sys.stdout, form)
    return 0 if accounts and all(one.is_closed for one in accounts) else 1


def _chosen(source: str | None, known: Iterable[str]) -> list[str]:
    names = sorted(known)
    if source is None:
        return names
    if source not in names:
        raise Permanent(f"--source: there is no {source!r}; there are {', '.join(names) or 'none'}")
    return [source]


def _accounts(
    audited: AuditedRange, sources: Iterable[str], working: StillWorking
) -> Iterator[SourceAccount]:
    for source in sources:
        working.doing = f"reading what was audited of {source}"
        yield audited.account(source)
