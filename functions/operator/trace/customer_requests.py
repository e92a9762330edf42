"""A customer and a span come in; a row for each of its requests leaves: what the log says of it and
what the ledger has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from functions.adapters.ledger import settled_once
from functions.metering.configuration.version import Configuration
from functions.operator.ledger.question import LedgerQuery
from functions.operator.trace.found_requests import one_by_one
from functions.operator.trace.logged_request import LoggedRequest
from functions.operator.trace.request_question import RequestQuestion
from functions.operator.trace.searched_log import SearchedLog
from functions.operator.trace.tracer import Tracer
from functions.usage.event import meter_of
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso, hour_of, iso_from_epoch_ms

CUSTOMER_COLUMNS = (
    "time",
    "extendedRequestId",
    "requestId",
    "asked",
    "status",
    "metering",
    "ledger",
    "key",
)
NOT_THERE = "not there"
_AND = ", "


def customer_requests(
    question: RequestQuestion, log: SearchedLog, tracer: Tracer
) -> list[Mapping[str, object]]:
    """By time. A row of the ledger whose line is not in the log is shown as well."""
    first, last = question.span
    configuration = log.terms.configuration
    mine = (
        one
        for one in log.around(first, last)
        if question.customer in _customers(one, configuration)
    )
    requests = one_by_one(mine)
    tracer.tell("reading the ledger")
    rows = settled_once(_rows(question, tracer))
    shown = [_of_the_log(logged, rows, tracer) for logged in requests]
    known = {key for row in shown for key in str(row["key"]).split()}
    shown += [_of_the_ledger(row) for key, row in rows.items() if key not in known]
    return sorted(shown, key=lambda row: str(row["time"]))


def _customers(one: LoggedRequest, configuration: Configuration) -> set[str | None]:
    """Who pays; of what is not billed: whom the line names, or whose API key it was."""
    if one.events:
        return {event["customerId"] for event in one.events}
    request = one.explained.request
    if request is None:
        return set()
    version = configuration.in_force(one.time_ms or 0)
    known = version.customers if version else {}
    return {request.customer_id or known.get(request.api_key_id or "")}


def _rows(question: RequestQuestion, tracer: Tracer) -> Iterator[LedgerRow]:
    first, last = question.span
    asked = LedgerQuery(
        since=hour_of(iso_from_epoch_ms(first)),
        until=hour_of(iso_from_epoch_ms(last + HOUR_MS)),
        customer_id=question.customer,
    )
    for row in asked.answer(tracer.deployment.ledger, tracer.progress):
        if first <= epoch_ms_from_iso(row["occurredAt"]) <= last:
            yield row


def _of_the_log(
    logged: Sequence[LoggedRequest], rows: Mapping[str, LedgerRow], tracer: Tracer
) -> Mapping[str, object]:
    one = logged[0]
    request = one.explained.request
    keys = [event["idempotencyKey"] for event in one.events]
    billed = [f"{event['quantity']} {meter_of(event)}" for event in one.events]
    if rows and rows.keys().isdisjoint(keys):
        # Billed, if at all, by another configuration than today's.
        keys = sorted(rows.keys() & tracer.keys_of(logged)) or keys
    route = request and (request.route or request.path)
    return {
        "time": iso_from_epoch_ms(one.time_ms or 0),
        "extendedRequestId": request.extended_request_id if request else None,
        "requestId": request.request_id if request else None,
        "asked": f"{request.method} {route}" if request and request.method else route,
        "status": request.status if request else None,
        "metering": ", ".join(billed) or one.outcome,
        "ledger": ledger_words(keys, rows),
        "key": " ".join(keys),
    }


def ledger_words(keys: Iterable[str], rows: Mapping[str, LedgerRow]) -> str | None:
    """What became of each event; one that is there does not speak for one that is not."""
    said = [_settled(rows[key]) if key in rows else NOT_THERE for key in keys]
    return _AND.join(said) or None


def _of_the_ledger(row: LedgerRow) -> Mapping[str, object]:
    return {
        "time": row["occurredAt"],
        "metering": "not in the log",
        "ledger": f"{_settled(row)}: {row['quantity']} {row['meter']}",
        "key": row["key"],
    }


def _settled(row: LedgerRow) -> str:
    aside = row["outcome"] == "set_aside"
    return f"set aside: {row.get('setAsideClass')}" if aside else row["outcome"]


def customer_verdict(rows: Sequence[Mapping[str, object]], question: RequestQuestion) -> str:
    """How many there are, and how many stand in the ledger."""
    first, last = map(iso_from_epoch_ms, question.span)
    words = [str(row["ledger"]).split(_AND) for row in rows]
    confirmed = sum(all(one.startswith("confirmed") for one in some) for some in words)
    missing = sum(NOT_THERE in some for some in words)
    return (
        f"{len(rows)} requests of {question.customer} between {first} and {last}:"
        f" {confirmed} confirmed, {missing} billable and not in the ledger"
    )
