"""What Aforo answered to a question comes in; whether replayed usage would be taken now leaves.

Guaranteed: usage is moved only when Aforo answered and did not turn us away. What is moved in
error is not lost: the forwarder holds it, and sets it aside again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

# Aforo's own clients wait 60 s after a 429 that does not say how long (aforo-contract.md 1.4);
# a 503 is mostly gone in 30 s (1.1.4).
RATE_LIMITED_SECONDS = 60
DOWN_SECONDS = 30
# A replay's waits add up to hours at most (round_decision): what is absurd is not obeyed.
MOST_SECONDS = 300


class ReadinessOutcome(StrEnum):
    """What a round decides on."""

    READY = "ready"
    REFUSED = "refused"  # no waiting will cure it
    WAIT = "wait"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Readiness:
    """`retry_after_seconds` is 0 unless there is a reason to ask again."""

    outcome: ReadinessOutcome
    reason: str
    status: int | None = None
    retry_after_seconds: int = 0


def judge_answer(status: int, headers: Mapping[str, str]) -> Readiness:
    """What a status of `POST /api/v1/quota/check` means for the ingest behind the same door."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Readiness(
            ReadinessOutcome.WAIT, "rate_limited", status, _seconds(headers, RATE_LIMITED_SECONDS)
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Readiness(ReadinessOutcome.DOWN, "outage", status, _seconds(headers, DOWN_SECONDS))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Readiness(ReadinessOutcome.REFUSED, "credential_refused", status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Readiness(ReadinessOutcome.REFUSED, "redirected", status)
    if status >= HTTPStatus.BAD_REQUEST:
        # It is up, and knows us. Which host serves the quota check is not documented
        # (aforo-contract.md 1.1.7), so a 404 on the ingest host must not block every replay.
        return Readiness(ReadinessOutcome.READY, "answered_without_quota", status)
    return Readiness(ReadinessOutcome.READY, "answered", status)


def no_answer(reason: str) -> Readiness:
    """No connection, or no answer in time."""
    return Readiness(ReadinessOutcome.DOWN, reason, None, DOWN_SECONDS)


def _seconds(headers: Mapping[str, str], otherwise: int) -> int:
    told = headers.get("retry-after", "").strip()
    # Seconds are all that Aforo documents; an HTTP date costs us a default wait, no more.
    seconds = int(told) if told.isascii() and told.isdigit() and len(told) <= 6 else otherwise  # noqa: PLR2004 - 11 days
    return max(1, min(seconds, MOST_SECONDS))
