"""A followed request's own lines come in, as the log has them; what metering makes of them leaves:
nothing to say while it is billed, else why it is not.
"""

import time
from typing import Any

import boto3

from functions.adapters.log_events import LogBusy, LogNotReadable
from functions.adapters.quarantined_object import INCOMPLETE
from functions.metering.configuration.document_reading import default_configuration
from functions.operator.configuration_commands.configuration_store import open_store
from functions.operator.deployment.deployment import Deployment, account_of
from functions.operator.explain.explanation import ExplainTerms
from functions.operator.trace.excluded_words import in_words
from functions.operator.trace.log_search import LogSearch
from functions.operator.trace.logged_request import LoggedRequest, logged_requests
from functions.operator.verify.hop import Stopped
from functions.usage.event import meter_of
from functions.usage.outcome import Excluded, Quarantined

# A look at one minute of a log for one term.
_PATIENCE_SECONDS = 10.0


def why_not_billed(
    found: Deployment, extended_id: str, since_ms: int, meter: str
) -> Stopped | None:
    """None while its lines say that the meter counts it, or are not all there yet."""
    terms = reading_terms(found, found.region or "")
    for one in _logged(found, terms, extended_id, since_ms):
        billing = one.explained.billing
        words = "" if isinstance(billing, tuple) else in_words(billing, one.explained.request)
        match billing:
            case Excluded(reason=reason):
                return _excluded(reason, words)
            case Quarantined(reason=reason) if reason != INCOMPLETE:
                return _quarantined(reason, words)
            case tuple() if billing and meter not in {meter_of(event) for event in billing}:
                return _not_of_the_meter(meter, sorted({meter_of(event) for event in billing}))
    return None


def reading_terms(found: Deployment | None, region: str) -> ExplainTerms:
    """By what metering reads a line now; of no deployment, by the default."""
    configuration = open_store(found).in_force().configuration if found else default_configuration()
    return ExplainTerms(configuration, None, region, time.time_ns() // 1_000_000)


def _logged(
    found: Deployment, terms: ExplainTerms, extended_id: str, since_ms: int
) -> "list[LoggedRequest]":
    account = account_of(found.output("ReconciliationFunctionArn"))
    client: Any = boto3.client("logs", region_name=found.region)
    search = LogSearch(client, account, time.monotonic() + _PATIENCE_SECONDS)
    requests: list[LoggedRequest] = []
    for source in terms.configuration.sources:
        try:
            for delivery in search.deliveries(source, since_ms, terms.now_ms, extended_id):
                requests += logged_requests(source, delivery, terms)
        except (LogBusy, LogNotReadable):  # the next look may read it
            continue
    return [one for one in requests if _is_of(one, extended_id)]


def _is_of(one: LoggedRequest, extended_id: str) -> bool:
    request = one.explained.request
    return request is not None and request.extended_request_id in {None, extended_id}


def _excluded(reason: str, words: str) -> Stopped:
    check = (
        f"`aforo-metering configuration show`, if it should be billed; docs/reference/outcomes.md"
        f" has what {reason} means."
    )
    return Stopped("metered", f"it is not billed: {reason} ({words})", check)


def _quarantined(reason: str, words: str) -> Stopped:
    check = (
        "cure the cause, then `aforo-metering replay start --source quarantine"
        f" --reason {reason}` bills it."
    )
    return Stopped("metered", f"it is quarantined: {reason} ({words})", check)


def _not_of_the_meter(meter: str, others: list[str]) -> Stopped:
    check = f"--meter: give one of {', '.join(others)}."
    return Stopped("metered", f"the meter {meter} does not count it", check)
