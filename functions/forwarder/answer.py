"""What Aforo said of one post comes in; what to make of it leaves (aforo-contract.md 1.1.4).

Guaranteed: nothing is believed that the answer does not say. A 2xx counts when its numbers add up;
an answer that the contract does not know stops the posting and settles nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from functions.forwarder.problem import (
    Problem,
    Reply,
    instance_of,
    named_problems,
    problem_of,
    read_document,
)
from functions.usage.outcome import Held

# The longest that a message is made invisible; what is absurd is not obeyed.
LONGEST_WAIT_SECONDS = 900.0


def retry_after_seconds(told: object, now: datetime) -> float | None:
    """`told` is a number of seconds, or text that holds one, or an HTTP date."""
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    seconds = _number(told)
    if seconds is None:
        seconds = _until(str(told), now)
    if seconds is None or math.isnan(seconds) or seconds < 0:
        return None
    return min(seconds, LONGEST_WAIT_SECONDS)


def _number(told: str | float) -> float | None:
    try:
        return float(told)
    except (ValueError, OverflowError):
        return None


def _until(date: str, now: datetime) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(date) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        # TypeError: a date without a zone cannot be compared with ours.
        return None


CREDENTIAL_STATUSES = frozenset({401, 403, 404})  # Aforo hides another tenant's things as 404
# What AWS answers in front of an Aforo that wants signed posts: not the key is refused.
_SIGNATURE_ERRORS = frozenset(
    {
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignatureException",
        "UnrecognizedClientException",
        "ExpiredTokenException",
    }
)
_UNTIMELY = ("Signature expired", "Signature not yet current")
CLOCK_SKEW, SIGNATURE_REFUSED = "clock_skew", "signature_refused"
# Aforo's limit of events in a post is not documented: some say it with a 400.
_TOO_LARGE_CODES = frozenset({"batch_too_large", "payload_too_large", "too_many_events"})


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No answer came. `is_ambiguous`: the post may have reached Aforo all the same."""

    reason: str
    is_ambiguous: bool


@dataclass(frozen=True, slots=True)
class AcceptedPost:
    """Every event is accepted or a duplicate, except those named."""

    failed: Mapping[int, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unsaid:
    """2xx without a body: an old ingestor. It may have taken all of them."""


@dataclass(frozen=True, slots=True)
class Unbelievable:
    """2xx with a body that does not account for every event."""

    reason: str


@dataclass(frozen=True, slots=True)
class RefusedPost:
    """At least one event is at fault. `named` are those that the answer points at."""

    problem: Problem
    named: Mapping[int, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The post is too large, whatever is in it."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Stop:
    """No use to post on now: nothing of this post is settled."""

    held: Held


type Verdict = AcceptedPost | Unsaid | Unbelievable | RefusedPost | TooLarge | Stop


def judge(said: Reply | NoAnswer, size: int, now: datetime) -> Verdict:
    """The verdict on a post of `size` events. `now` reads a Retry-After that is a date."""
    if isinstance(said, NoAnswer):
        return Stop(Held(said.reason, 0, ambiguous=said.is_ambiguous))
    if 200 <= said.status < 300:  # noqa: PLR2004 - a class of statuses
        return _judge_success(said, size)
    problem = problem_of(said)
    if said.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(problem)
    if said.status in {400, 409, 422}:
        if problem.code in _TOO_LARGE_CODES:
            return TooLarge(problem)
        return RefusedPost(problem, named_problems(read_document(said.body), size, problem))
    return Stop(_held(said, now))


def _held(said: Reply, now: datetime) -> Held:
    told = said.headers.get("retry-after") or read_document(said.body).get("retryAfter")
    wait = retry_after_seconds(told, now) or 0
    if said.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Held("rate_limited", wait)
    if said.status in CREDENTIAL_STATUSES:
        return Held(signature_fault(said) or "credential_refused", 0)
    if said.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Held("outage", wait, ambiguous=True)
    if said.status == HTTPStatus.REQUEST_TIMEOUT:
        return Held("request_timeout", wait, ambiguous=True)
    return Held("redirected" if said.status < HTTPStatus.BAD_REQUEST else "unexpected_status", wait)


def signature_fault(said: Reply) -> str:
    """Why AWS refused the signature; empty when it was not AWS, or not the signature."""
    kind = said.headers.get("x-amzn-errortype", "").partition(":")[0]
    if said.status not in CREDENTIAL_STATUSES or kind not in _SIGNATURE_ERRORS:
        return ""
    is_untimely = str(read_document(said.body).get("message", "")).startswith(_UNTIMELY)
    return CLOCK_SKEW if is_untimely else SIGNATURE_REFUSED


def _judge_success(said: Reply, size: int) -> Verdict:
    if not said.body:
        return Unsaid()
    document = read_document(said.body)
    if not document:
        return Unbelievable("answer_not_json")
    # Aforo's 2026 clients read the counts inside `data`; the older ones at the top.
    inner = document.get("data")
    counts = inner if isinstance(inner, dict) else document
    numbers = [counts.get(name, 0) for name in ("accepted", "duplicates", "failed")]
    if any(type(number) is not int or number < 0 for number in numbers) or sum(numbers) != size:
        return Unbelievable("counts_do_not_add_up")
    return _judge_failed(counts, failed=numbers[2], said=said, size=size)


def _judge_failed(counts: Mapping[str, Any], *, failed: int, said: Reply, size: int) -> Verdict:
    unnamed = Problem(said.status, "failed_without_reason", instance=instance_of(said, counts))
    named = named_problems(counts, size, unnamed)
    if len(named) > failed:
        return Unbelievable("counts_do_not_add_up")
    if len(named) == failed:
        return AcceptedPost(named)
    if failed == size:
        return AcceptedPost({**dict.fromkeys(range(size), unnamed), **named})
    return RefusedPost(unnamed)  # some failed, and it does not say which
