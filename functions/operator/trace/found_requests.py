"""A question comes in; the requests that it is about leave, each as far as the log and the ledger
know who it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from functions.operator.trace.known_keys import meters_of
from functions.operator.trace.ledger_hops import rows_of_keys
from functions.operator.trace.logged_request import LoggedRequest
from functions.operator.trace.request_question import RequestQuestion
from functions.operator.trace.road_of_request import RoadOfRequest
from functions.operator.trace.searched_log import SearchedLog
from functions.operator.trace.tracer import Tracer
from functions.usage.event import RequestIdentity
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso


def requests_with_id(
    question: RequestQuestion, log: SearchedLog, tracer: Tracer
) -> Iterator[RoadOfRequest]:
    """One for each extended request id: a caller chooses the other one. A log keeps its lines for
    some days only: without them the ledger is asked for the keys that the sources' stages give.
    """
    found = one_by_one(log.with_id(question))
    for logged in found:
        yield RoadOfRequest(logged, tracer.keys_of(logged))
    keys = frozenset() if found else _keys_without_a_line(question, log, tracer)
    hours = () if question.at_ms is None else _hours(question)
    tracer.tell("looking for its keys in the ledger")
    rows = rows_of_keys(tracer.deployment.ledger, keys, hours, tracer.progress)
    if rows:
        yield RoadOfRequest([], keys, log.words(), rows)


def _keys_without_a_line(
    question: RequestQuestion, log: SearchedLog, tracer: Tracer
) -> frozenset[str]:
    """Empty for a request id, and where no source says its API and stage."""
    stages = [one.metered_stage for one in log.sources if question.extended_request_id]
    meters = meters_of(tracer.deployment.configurations.each())
    identities = [
        RequestIdentity(
            log.search.owner,
            log.terms.region or "",
            one.api_id,
            one.stage,
            question.extended_request_id,
        )
        for one in stages
        if one is not None
    ]
    return frozenset(one.event_key(meter) for one in identities for meter in meters)


def _hours(question: RequestQuestion) -> list[int]:
    """A moment in each hour of the span."""
    first, last = question.span
    return [*range(first, last, HOUR_MS), last]


def one_by_one(found: Iterable[LoggedRequest]) -> list[list[LoggedRequest]]:
    """The entries of each request, in the order of their times: the lines of two logs, or of one
    that has a line twice.
    """
    requests: dict[object, list[LoggedRequest]] = defaultdict(list)
    for number, one in enumerate(found):
        request = one.explained.request
        requests[(request.extended_request_id if request else None) or number].append(one)
    return sorted(requests.values(), key=lambda logged: logged[0].time_ms or 0)


def request_with_key(
    question: RequestQuestion, log: SearchedLog, tracer: Tracer
) -> RoadOfRequest | None:
    """The ledger, or a message, says when it was; then its line is the one whose key it is."""
    keys = frozenset({question.key})
    moments = () if question.at_ms is None else _hours(question)
    tracer.tell("looking for the key in the ledger")
    rows = rows_of_keys(tracer.deployment.ledger, keys, moments, tracer.progress)
    occurred_at = rows[0]["occurredAt"] if rows else _in_a_letter(tracer, keys)
    if occurred_at is None and question.at_ms is None:
        return None
    first, last = (epoch_ms_from_iso(occurred_at),) * 2 if occurred_at else question.span
    logged = _with_key(question.key, log.around(first, last), tracer)
    if not logged and occurred_at is None:
        return None
    every = keys | tracer.keys_of(logged)
    # With its line all keys of the request are known, and so all of its rows are read.
    absent = "" if logged else log.words()
    return RoadOfRequest(logged, every, absent, () if logged else rows, first)


def _with_key(
    key: str, requests: Iterable[LoggedRequest], tracer: Tracer
) -> Sequence[LoggedRequest]:
    return [
        one
        for one in requests
        if any(event["idempotencyKey"] == key for event in one.events)
        or key in tracer.keys_of([one])  # another configuration's
    ]


def _in_a_letter(tracer: Tracer, keys: frozenset[str]) -> str | None:
    tracer.tell("looking for the key in UsageDeadLetterQueue")
    row = next(tracer.letters().with_keys(keys), None)
    occurred_at = row["occurredAt"] if row else None
    return occurred_at if isinstance(occurred_at, str) else None
