"""Missing requests come in, with their lines; metering meters them again, as a replay asks it to,
and its answer leaves.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import BaseModel, ConfigDict

from functions.adapters.quarantined_object import subscription_payload
from functions.audit.repair.compared_window import Missing
from functions.usage.errors import Retryable

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

# Metering's own timeout, and its cold start.
METERING_SECONDS = 75
# What Lambda takes in a call that is waited for.
PAYLOAD_BYTES = 6 * 1024 * 1024
# Gzipped and in base64 far below the 6 MB of a call, whatever the lines say.
MOST_LINES, MOST_TEXT_BYTES = 5_000, 3 * 1024 * 1024
# It was certainly not run: half a minute of patience, inside a round's time.
_BUSY = {"TooManyRequestsException", "ServiceException", "EC2ThrottledException"}
_BUSY_WAITS = (1, 2, 4, 8, 15)
BUSY_SECONDS = sum(_BUSY_WAITS)
_NOWHERE = {"owner": "audit", "logGroup": "audit", "logStream": "audit"}


class NotMetered(Retryable):
    """Metering raised, or did not answer: what it did with these lines is not known."""


class LinesTooLarge(NotMetered):
    """Lambda would not take the call: one request with more lines than any has."""


class MeteredAgain(BaseModel):
    """What became of them, in requests."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    billed: int
    excluded: dict[str, int]
    quarantined: dict[str, int]


class SentLines(NamedTuple):
    """What one call of metering is about."""

    log_stream: str
    requests: Sequence[Missing]

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        """In the log's order, of which requests of an execution log are made."""
        found = [line for request in self.requests for line in request.lines]
        return sorted(found, key=lambda line: line["timestamp"])


@dataclass(frozen=True, slots=True)
class MeteringAgain:
    """The metering function, asked in the name of one run of the audit. Not `is_decided`: what is
    sent may be at Aforo, and is not posted once that may have forgotten it, however long it waits.
    """

    client: "LambdaClient"
    function_arn: str
    run_id: str
    is_decided: bool
    sleep: Callable[[float], None] = time.sleep

    def payload(self, log_group: str, sent: SentLines) -> bytes:
        """LinesTooLarge where no call could carry it."""
        place = {"owner": self._owner, "logGroup": log_group, "logStream": sent.log_stream}
        asked = self._asked(subscription_payload(place, sent.lines))
        if len(asked) > PAYLOAD_BYTES:
            raise LinesTooLarge("more lines than a call of Lambda takes")
        return asked

    def take(self, payload: bytes) -> MeteredAgain:
        """NotMetered as above; other errors of the call raise as they are."""
        answer = self._invoke(payload)
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            # The type alone: a message may quote the line.
            raise NotMetered(str(json.loads(body).get("errorType", "no error type")))
        return MeteredAgain.model_validate_json(body)

    def works(self) -> bool:
        """Whether it takes a delivery that has nothing in it: then it was the lines."""
        try:
            self.take(self._asked(subscription_payload(_NOWHERE, [])))
        except NotMetered:
            return False
        return True

    @property
    def _owner(self) -> str:
        return self.function_arn.split(":")[4]

    def _asked(self, delivery: Mapping[str, object]) -> bytes:
        replay = {
            "id": self.run_id,
            "dryRun": False,
            "fromLog": True,
            "maybeBilled": not self.is_decided,
        }
        return json.dumps({**delivery, "replay": replay}).encode()

    def _invoke(self, payload: bytes) -> Mapping[str, Any]:
        for seconds in (*_BUSY_WAITS, None):
            try:
                return self.client.invoke(FunctionName=self.function_arn, Payload=payload)
            except ReadTimeoutError as error:
                raise NotMetered("no answer in time") from error
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code not in _BUSY:
                    raise
                if seconds is None:
                    raise NotMetered(code) from error
                self.sleep(seconds)
        raise AssertionError  # the last wait is None


def calls_for(requests: Iterable[Missing]) -> Iterator[SentLines]:
    """As few calls as may be: of one log stream each, in its order, and no larger than a call is
    taken. A larger request stands alone.
    """
    by_stream = sorted(requests, key=lambda one: one.log_stream)
    for stream, of_stream in groupby(by_stream, key=lambda one: one.log_stream):
        group: list[Missing] = []
        lines = size = 0
        for request in of_stream:
            more = sum(len(line["message"].encode()) for line in request.lines)
            is_full = lines + len(request.lines) > MOST_LINES or size + more > MOST_TEXT_BYTES
            if group and is_full:
                yield SentLines(stream, group)
                group, lines, size = [], 0, 0
            group.append(request)
            lines, size = lines + len(request.lines), size + more
        if group:
            yield SentLines(stream, group)
