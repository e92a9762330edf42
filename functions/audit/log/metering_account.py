"""A chunk of log lines comes in; what metering makes of its requests leaves, and nothing is sent.

Metering is asked with `{"awslogs": ..., "audit": {"fromMs": ..., "toMs": ...}, "replay": {}}` and
tells of those requests whose first line is in the window. A chunk that is too large for one call,
or at which metering fails, is asked for in halves, never between lines that may be one request's.
"""

import json
import zlib
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.adapters.quarantined_object import subscription_payload
from functions.audit.log.account import Account, AccountAnswer, RefusedRequest
from functions.audit.log.log_chunk import Chunk
from functions.audit.window import AuditWindow
from functions.usage.errors import Permanent, Retryable

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

# Metering's own timeout, and its cold start.
ACCOUNT_SECONDS = 75
# What Lambda takes, and gives, in a call that is waited for.
CALL_BYTES = 6 * 1024 * 1024
TOO_LARGE = "too_large"  # as metering calls a payload that inflates to more than it may
FAILED = "metering_failed"  # at this request, and not at others
# One request among 5,000 lines is found by 13, beside as many calls that answer.
MOST_FAILURES = 64
_LAMBDA_TOO_LARGE = {"RequestTooLargeException", "SerializedRequestEntityTooLargeException"}


class AccountFailed(Retryable):
    """Metering raised, or did not answer."""


class AccountNotUnderstood(Permanent):
    """Metering answered something else: the two are not of one deployment."""


class _TooLarge(Exception):  # noqa: N818 - it never leaves this module
    """Not for one call."""


@dataclass(slots=True)
class _Failures:
    """Of metering, over one chunk."""

    times: int = 0


class MeteringAccount:
    """The metering function, asked to account. `owner` is the AWS account of the logs."""

    def __init__(self, client: "LambdaClient", function_arn: str, owner: str) -> None:
        self._client = client
        self._function_arn = function_arn
        self._owner = owner

    def account(self, log_group: str, chunk: Chunk, window: AuditWindow) -> Account:
        """AccountFailed, AccountNotUnderstood; errors of the call itself raise as they are."""
        return self._account(log_group, chunk, window, _Failures())

    def _account(
        self, log_group: str, chunk: Chunk, window: AuditWindow, failures: "_Failures"
    ) -> Account:
        try:
            return Account.of(chunk, self._ask(log_group, chunk, window))
        except _TooLarge:
            reason = TOO_LARGE
        except AccountFailed as error:
            # At one line, perhaps: then the others are accounted for. Not where it fails anyway.
            failures.times += 1
            if not _is_raised(error) or failures.times > MOST_FAILURES:
                raise
            if failures.times == 1 and not self._works(window):
                raise
            reason = FAILED
        halves = chunk.halves()
        if halves is None:
            return _refused(chunk, window, reason)
        parts = [
            (half, self._account(log_group, chunk.only(half), window, failures)) for half in halves
        ]
        return Account.joined(chunk, parts)

    def _works(self, window: AuditWindow) -> bool:
        """Whether it answers where there is nothing to tell."""
        try:
            self._ask("audit", Chunk("audit", ()), window)
        except AccountFailed:
            return False
        return True

    def _ask(self, log_group: str, chunk: Chunk, window: AuditWindow) -> AccountAnswer:
        place = {"owner": self._owner, "logGroup": log_group, "logStream": chunk.log_stream}
        asked = {"fromMs": window.from_ms, "toMs": window.to_ms}
        payload = subscription_payload(place, chunk.lines)
        # A metering of before the audits (a rollback) refuses such a replay, instead of metering.
        question = {**payload, "audit": asked, "replay": {}}
        answer = _understood(self._invoke(json.dumps(question).encode()))
        if answer.quarantined_whole == TOO_LARGE:
            raise _TooLarge
        if answer.last_index >= len(chunk.lines):
            raise AccountNotUnderstood("it tells of lines that it was not given")
        return answer

    def _invoke(self, request: bytes) -> bytes:
        if len(request) > CALL_BYTES:
            raise _TooLarge
        try:
            answer = self._client.invoke(FunctionName=self._function_arn, Payload=request)
        except ClientError as error:
            if error.response["Error"]["Code"] in _LAMBDA_TOO_LARGE:
                raise _TooLarge from error
            raise
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise _why(body)
        return body


def _refused(chunk: Chunk, window: AuditWindow, reason: str) -> Account:
    """One request's lines, which no delivery could bring to metering either. Of an execution log it
    may be another window's.
    """
    if not window.from_ms <= chunk.lines[0]["timestamp"] < window.to_ms:
        return Account(chunk)
    return Account(chunk, quarantined=(RefusedRequest(reason, tuple(range(len(chunk.lines)))),))


def _why(body: bytes) -> Exception:
    """Of an invocation that failed. A message may quote a line: the type alone is told."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    kind = str(said.get("errorType", "no error type")) if isinstance(said, dict) else "no JSON"
    # Lambda's own: `Function.ResponseSizeTooLarge`.
    return _TooLarge() if kind.endswith("TooLarge") else AccountFailed(kind)


def _is_raised(error: AccountFailed) -> bool:
    """By its code. Lambda's own, as `Sandbox.Timedout`, have a dot: half of the lines would take
    half a minute.
    """
    return str(error).isidentifier()


def _understood(body: bytes) -> AccountAnswer:
    try:
        said = json.loads(body)
        if "tooLarge" in said:
            raise _TooLarge
        if not (packed := said["account"]):
            return AccountAnswer()
        return AccountAnswer.model_validate_json(zlib.decompress(b64decode(packed, validate=True)))
    except (KeyError, TypeError, ValueError, ValidationError, zlib.error) as error:
        raise AccountNotUnderstood(type(error).__name__) from error
