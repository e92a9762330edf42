"""An extended request id comes in; what `aforo-metering trace` knows of that request leaves."""

import sys
import time

from functions.operator.ledger.reading_progress import ReadingProgress
from functions.operator.trace.found_requests import requests_with_id
from functions.operator.trace.request_question import question_about
from functions.operator.trace.traced_deployment import traced_deployment
from functions.operator.trace.traced_request import TracedRequest
from functions.operator.trace.tracer import Tracer
from tests.local.page.places import Places

SEARCH_SECONDS = 10.0


def traced_requests(places: Places, request_id: str, at: str | None) -> list[TracedRequest]:
    """TargetError for what is no id. `at` says about when it was made: a day is searched without.
    Empty where no log has it.
    """
    question = question_about(
        request_id=None,
        extended_request_id=request_id,
        key=None,
        customer=None,
        at=at,
        within=None if at is None else "5m",
        now_ms=time.time_ns() // 1_000_000,
    )
    deployment = traced_deployment(places.deployment, "tenant")
    tracer = Tracer(deployment, ReadingProgress(sys.stderr), lambda _: None)
    log = deployment.log(None, SEARCH_SECONDS, lambda _: None)
    return [tracer.trace(road) for road in requests_with_id(question, log, tracer)]
