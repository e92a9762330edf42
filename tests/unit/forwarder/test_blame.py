"""Which refusals are an event's own fault, and which are asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.answer import AcceptedPost, RefusedPost, TooLarge, judge
from functions.forwarder.blame import ASK_AGAIN_SECONDS, REFUSED_ONCE, WAIT_SECONDS, is_meant
from functions.forwarder.problem import Problem
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Confirmed, Held, SetAside, SetAsideClass
from tests.fakes.forwarding import NOW_MS, said
from tests.fakes.instants import NOW

BLAMING = [
    *("VALIDATION_FAILED", "INVALID_EVENT", "INVALID_QUANTITY", "MALFORMED_REQUEST"),
    *("MISSING_FIELD", "REQUIRED", "BLANK_CUSTOMER_ID", "UNSUPPORTED_PRODUCT_TYPE"),
    *("IDEMPOTENCY_CONFLICT", "DUPLICATE_KEY", "UNKNOWN_METRIC", "UNKNOWN_CUSTOMER"),
    *("UNKNOWN_PRODUCT_TYPE", "CUSTOMER_NOT_FOUND", "METRIC_NOT_FOUND", "EVENT_TOO_OLD"),
    *("VALIDATION", "INVALID", "MALFORMED", "MISSING", "BLANK", "NEGATIVE", "UNSUPPORTED"),
    *("CONFLICT", "DUPLICATE", "UNKNOWN_METER", "SUBSCRIPTION_NOT_FOUND", "UNKNOWN_PRODUCT"),
    *("UNKNOWN_TYPE", "UNKNOWN_FIELD", "EVENT_NOT_FOUND"),
]
PASSING = [
    *("INTERNAL", "INTERNAL_ERROR", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "UNAVAILABLE"),
    *("TIMEOUT", "GATEWAY_TIMEOUT", "TIMED_OUT", "TRY_AGAIN_LATER", "OVERLOADED", "UNKNOWN"),
    *("UNKNOWN_ERROR", "NOT_FOUND", "SOMETHING_NEW", "PAYLOAD_TOO_LARGE", "RATE_LIMITED", "FAULT"),
    *("VALIDATION_TIMEOUT", "INVALID_UPSTREAM_RESPONSE", "CUSTOMER_SERVICE_UNAVAILABLE"),
    *("INVALID_INTERNAL", "INVALID_TIMED_OUT", "INVALID_TEMPORARY", "INVALID_TEMPORARILY"),
    *("INVALID_RETRY", "INVALID_LATER", "INVALID_OVERLOADED", "INVALID_BUSY", "INVALID_GATEWAY"),
    *("INVALID_SERVICE", "INVALID_SERVER", "INVALID_UNAVAILABLE"),
    *("MISSING_DATABASE", "METRIC", "CUSTOMER_SUSPENDED", "EVENT", "FOUND", "x", ""),
]


def in_a_success(code: str) -> object:
    """A 2xx that refuses the one event of its post."""
    errors = [{"index": 0, "error": f"{code}: some words"}]
    verdict = judge(said(202, {"failed": 1, "errors": errors}), 1, NOW)
    assert isinstance(verdict, AcceptedPost)
    return verdict.failed[0].outcome()


def alone(status: int, code: str) -> object:
    """A whole answer to a post of one event."""
    verdict = judge(said(status, {"code": code} if code else None), 1, NOW)
    assert isinstance(verdict, RefusedPost | TooLarge)
    return verdict.problem.outcome()


def named(status: int, code: str) -> object:
    """A whole answer that points at an event with a code of its own."""
    body = {"code": "VALIDATION_FAILED", "errors": [{"index": 0, "code": code}]}
    verdict = judge(said(status, body), 2, NOW)
    assert isinstance(verdict, RefusedPost)
    return verdict.named[0].outcome()


@pytest.mark.parametrize("code", BLAMING)
def test_a_code_that_says_what_is_wrong_with_the_event_sets_it_aside_at_once(code: str) -> None:
    """In a whole answer of any status that refuses, of one event in it, and inside a 2xx."""
    outcomes = [in_a_success(code)]
    outcomes += [alone(400, code), alone(422, code), named(400, code), named(422, code)]
    for outcome in outcomes:
        assert isinstance(outcome, SetAside)
        assert outcome.reason == code.lower()


@pytest.mark.parametrize("code", PASSING)
def test_a_code_that_blames_nobody_is_asked_again(code: str) -> None:
    """With what it becomes when it is said again, and without a doubt: Aforo refused it."""
    outcomes = [alone(status, code) for status in (400, 409, 413, 422)]
    if code:
        outcomes += [named(400, code), named(422, code)]
    if code.isupper():  # the constant that a text starts with
        outcomes.append(in_a_success(code))
    for outcome in outcomes:
        assert isinstance(outcome, Held)
        assert (outcome.reason, outcome.wait_seconds) == (REFUSED_ONCE, WAIT_SECONDS)
        assert not outcome.ambiguous
        assert outcome.refusal is not None
        assert outcome.refusal.set_aside_class is SetAsideClass.POISON


@pytest.mark.parametrize("body", [{"failed": 1}, {"failed": 1, "errors": [{"error": "no such"}]}])
def test_a_success_that_refuses_without_a_word_is_asked_again(body: object) -> None:
    """`failed: 1` says that something is wrong, and not with what."""
    verdict = judge(said(202, body), 1, NOW)
    assert isinstance(verdict, AcceptedPost)
    outcome = verdict.failed[0].outcome()
    assert isinstance(outcome, Held)
    assert outcome.refusal == SetAside(SetAsideClass.POISON, "failed_without_reason", 202)


def test_what_is_no_refusal_of_the_event_stays_what_it_is() -> None:
    """A duplicate is billed, our credential is no event's fault, the future has its own time."""
    assert alone(409, "DUPLICATE_EVENT") == Confirmed()
    assert alone(400, "MISSING_TENANT") == Held("systemic_refusal", 0)
    assert alone(400, "EVENT_IN_FUTURE") == Held("future", 0)


@given(st.sampled_from([202, 400, 409, 413, 422]), st.text(max_size=30), st.text(max_size=30))
def test_no_code_blames_by_chance(status: int, code: str, text: str) -> None:
    """Whatever the code: set aside at once, or held with what it would be set aside as."""
    outcome = Problem(status, code, text).outcome()
    if isinstance(outcome, Held) and outcome.reason == REFUSED_ONCE:
        assert outcome.refusal == SetAside(SetAsideClass.POISON, code, status)


@pytest.mark.parametrize(
    ("reason", "ago_seconds", "meant"),
    [
        ("internal", ASK_AGAIN_SECONDS, True),
        ("internal", 14 * 3600, True),
        ("internal", ASK_AGAIN_SECONDS - 0.001, False),
        ("internal", -1, False),
        ("timeout", 14 * 3600, False),
    ],
)
def test_the_second_equal_answer_is_meant_after_minutes(
    reason: str, ago_seconds: float, *, meant: bool
) -> None:
    """Not another refusal, and not one that comes too soon: it may be the same fault."""
    at = iso_from_epoch_ms(NOW_MS - int(ago_seconds * 1000))
    refusal = SetAside(SetAsideClass.POISON, "internal")
    assert is_meant(refusal, {"reason": reason, "refusedAt": at}, NOW_MS) is meant
    assert not is_meant(refusal, None, NOW_MS)


def test_what_is_asked_again_is_written_as_ever_and_waits_five_minutes() -> None:
    """Messages that wait in a queue say it, and a forwarder of another release reads it."""
    assert (REFUSED_ONCE, ASK_AGAIN_SECONDS, WAIT_SECONDS) == ("refused_once", 300, 310)
