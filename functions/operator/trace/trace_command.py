"""`aforo-metering trace`: everything that is known of one request, from its log line to its ledger
row and the counter, with the configuration that billed it.

It reads only. Exit status: 0 it was found, 1 it was not, or something could not be asked, 2 the
question was not understood.
"""

import math
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.ledger.reading_progress import ReadingProgress
from functions.operator.rows import write_rows
from functions.operator.still_working import StillWorking
from functions.operator.trace.request_question import RequestQuestion, question_about

if TYPE_CHECKING:
    from functions.operator.trace.road_of_request import RoadOfRequest
    from functions.operator.trace.searched_log import SearchedLog
    from functions.operator.trace.tracer import Tracer

WAIT_SECONDS = 300.0
MOST_ROWS = 50
MOST_TRACED = 20

type TraceFormat = Literal["table", "json"]


def _positive(_kind: object, seconds: float) -> None:
    if not 0 < seconds < math.inf:
        raise ValueError(f"{seconds}: give a number of seconds, more than 0")


def trace(
    *,
    request_id: Annotated[
        str | None, Parameter(help="as the log has it; a caller may choose it for many requests")
    ] = None,
    extended_request_id: Annotated[
        str | None, Parameter(help="API Gateway's own, of the answer's header x-amz-apigw-id")
    ] = None,
    key: Annotated[
        str | None,
        Parameter(help="an event's key; without --at all of the ledger is looked through"),
    ] = None,
    customer: Annotated[
        str | None, Parameter(help="with --at: all of its requests around that time")
    ] = None,
    at: Annotated[
        str | None, Parameter(help="about when it was made; without it: in the last 24 hours")
    ] = None,
    within: Annotated[
        str | None,
        Parameter(help="how far around --at; without it 60s for a customer, else 60m"),
    ] = None,
    source: Annotated[
        str | None, Parameter(help="only in the log of this source; without it: in all")
    ] = None,
    tenant_header: Annotated[
        Literal["tenant", "customer"],
        Parameter(help="as the stack's parameter TenantHeader"),
    ] = "tenant",
    wait: Annotated[
        float, Parameter(help="seconds to search the log at the most", validator=_positive)
    ] = WAIT_SECONDS,
    form: Annotated[
        TraceFormat, Parameter(name="--format", help="json: one line a request")
    ] = "table",
    place: Place = HERE,
) -> int:
    """One of the first four says which request."""
    question = question_about(
        request_id=request_id,
        extended_request_id=extended_request_id,
        key=key,
        customer=customer,
        at=at,
        within=within,
        now_ms=time.time_ns() // 1_000_000,
    )
    # boto3 and metering's models take a second to import.
    from functions.operator.trace.traced_deployment import traced_deployment  # noqa: PLC0415
    from functions.operator.trace.tracer import Tracer  # noqa: PLC0415

    with StillWorking("trace", "finding the deployment") as working:

        def tell(doing: str) -> None:
            working.doing = doing

        deployment = traced_deployment(find_deployment(place), tenant_header)
        tracer = Tracer(deployment, ReadingProgress(sys.stderr), tell)
        log = deployment.log(source, wait, tell)
        if question.customer:
            return _table(question, log, tracer, form)
        return _traced(question, log, tracer, form)


def _traced(
    question: RequestQuestion, log: "SearchedLog", tracer: "Tracer", form: TraceFormat
) -> int:
    whole = True
    found = 0
    for found, road in enumerate(_found(question, log, tracer), 1):
        if found > MOST_TRACED:
            _say(f"the first {MOST_TRACED} are shown: give --extended-request-id, or --at")
            break
        traced = tracer.trace(road)
        sys.stdout.write(traced.as_text() if form == "table" else f"{traced.as_json()}\n")
        sys.stdout.flush()
        whole = whole and not any(one.not_told for one in traced.waypoints)
    if not found:
        _say(_nowhere(question, log, tracer))
    _say_faults(log.faults)
    return 0 if found and whole and not log.faults else 1


def _nowhere(question: RequestQuestion, log: "SearchedLog", tracer: "Tracer") -> str:
    if not question.key:
        return f"not in the log {log.words()}"
    line = f", and no line makes it {log.words()}" if question.at_ms is not None else ""
    bucket = tracer.deployment.ledger_bucket
    return (
        f"{question.key} is not in the ledger (s3://{bucket}) nor in a message of"
        f" UsageDeadLetterQueue that shows{line}"
    )


def _found(
    question: RequestQuestion, log: "SearchedLog", tracer: "Tracer"
) -> "Iterable[RoadOfRequest]":
    from functions.operator.trace.found_requests import (  # noqa: PLC0415 - as above
        request_with_key,
        requests_with_id,
    )

    if not question.key:
        return requests_with_id(question, log, tracer)
    one = request_with_key(question, log, tracer)
    return [] if one is None else [one]


def _table(
    question: RequestQuestion, log: "SearchedLog", tracer: "Tracer", form: TraceFormat
) -> int:
    from functions.operator.trace.customer_requests import (  # noqa: PLC0415 - as above
        CUSTOMER_COLUMNS,
        customer_requests,
        customer_verdict,
    )

    rows = customer_requests(question, log, tracer)
    if rows:
        write_rows(CUSTOMER_COLUMNS, rows[:MOST_ROWS], sys.stdout, form)
    if len(rows) > MOST_ROWS:
        _say(f"the first {MOST_ROWS} are shown: narrow it by --at and --within")
    _say(customer_verdict(rows, question))
    _say(log.words())
    _say_faults(log.faults)
    return 0 if rows and not log.faults else 1


def _say_faults(faults: Sequence[str]) -> None:
    for fault in faults:
        _say(fault)


def _say(text: str) -> None:
    """One line, whatever the text is."""
    sys.stderr.write(f"trace: {' '.join(text.split())}\n")
