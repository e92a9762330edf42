"""The options that say which request is meant come in; one question leaves.

TargetError names the option and the fix: exactly one of the four ways to ask, and times that can be
read.
"""

import re
from dataclasses import dataclass

from functions.operator.deployment.deployment import TargetError
from functions.operator.deployment.time_ago import length_ms
from functions.usage.event import KEY_DIGITS, KEY_PREFIX
from functions.usage.moment import epoch_ms_from_iso

# How far from `--at` is searched: a person reads the second off a log, or remembers about when.
CUSTOMER_WITHIN_MS = 60_000
REQUEST_WITHIN_MS = 3_600_000
# Without `--at`: what a dispute is about is rarely older, and each hour is a call for each group.
WITHOUT_A_TIME_MS = 24 * 3_600_000
_LONGEST_MS = 7 * 24 * 3_600_000
_LATEST_MS = 4_102_444_800_000  # of the year 2100: a time around it must have a name, too
# What a filter of CloudWatch Logs takes between quotes as it stands.
_ID = re.compile(r"[A-Za-z0-9_=/+.:-]{1,128}")
_KEY = re.compile(rf"{KEY_PREFIX}[0-9a-f]{{{KEY_DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestQuestion:
    """Which request; one of the first four is said. Times are epoch milliseconds."""

    request_id: str = ""
    extended_request_id: str = ""
    key: str = ""
    customer: str = ""
    at_ms: int | None = None
    within_ms: int = REQUEST_WITHIN_MS
    now_ms: int

    @property
    def log_id(self) -> str:
        """The id that the line holds, where one is said."""
        return self.extended_request_id or self.request_id

    @property
    def span(self) -> tuple[int, int]:
        """From when to when the request may have been made."""
        if self.at_ms is None:
            return self.now_ms - WITHOUT_A_TIME_MS, self.now_ms
        return max(0, self.at_ms - self.within_ms), self.at_ms + self.within_ms


def question_about(
    *,
    request_id: str | None,
    extended_request_id: str | None,
    key: str | None,
    customer: str | None,
    at: str | None,
    within: str | None,
    now_ms: int,
) -> RequestQuestion:
    """TargetError where it cannot be asked."""
    ways = (request_id, extended_request_id, key, customer)
    if sum(way is not None for way in ways) != 1:
        raise TargetError(
            "give one of --request-id, --extended-request-id, --key, and --customer with --at"
        )
    if customer is not None and at is None:
        raise TargetError("--customer: give --at TIME, and --within for more than a minute around")
    if within is not None and at is None:
        raise TargetError("--within: it is around --at: give both")
    usual = REQUEST_WITHIN_MS if customer is None else CUSTOMER_WITHIN_MS
    return RequestQuestion(
        request_id=_id("--request-id", request_id),
        extended_request_id=_id("--extended-request-id", extended_request_id),
        key=_key(key),
        customer=customer or "",
        at_ms=None if at is None else _moment(at),
        within_ms=usual if within is None else _length(within),
        now_ms=now_ms,
    )


def _id(option: str, text: str | None) -> str:
    if text is not None and not _ID.fullmatch(text):
        raise TargetError(
            f"{option}: {text!a} is no id of API Gateway: letters, digits, _ = - only"
        )
    return text or ""


def _key(text: str | None) -> str:
    if text is not None and not _KEY.fullmatch(text):
        raise TargetError(f"--key: {text!a}: write {KEY_PREFIX} and its {KEY_DIGITS} digits")
    return text or ""


def _moment(text: str) -> int:
    try:
        moment = epoch_ms_from_iso(text)
    except (ValueError, OverflowError):
        message = f"--at: {text} is no UTC time: write 2026-10-02T08:15:30Z"
        raise TargetError(message) from None
    if not 0 <= moment <= _LATEST_MS:
        raise TargetError(f"--at: no log is of {text}: write 2026-10-02T08:15:30Z")
    return moment


def _length(text: str) -> int:
    length = length_ms(text)
    if not 0 < length <= _LONGEST_MS:
        raise TargetError(f"--within: {text}: write 60s, 15m or 2h; 7d at most")
    return length
