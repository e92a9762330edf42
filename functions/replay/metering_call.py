"""Asks metering to take a delivery again, and waits for its answer."""

import json
import zlib
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from functions.replay.manifest import SentRow
from functions.usage.errors import Retryable

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

# Metering's own timeout, and its cold start.
ANSWER_SECONDS = 75
# What Lambda takes in a call that is waited for.
REQUEST_BYTES = 6 * 1024 * 1024


class MeteringFailed(Retryable):
    """It raised, or did not answer: nothing is known of what it did."""


class RequestTooLarge(MeteringFailed):
    """Lambda would not take it: the object's fault, and that of no deployment."""


def _unpacked(usage: object) -> object:
    """As metering packs them, so that its answer stays under Lambda's 6 MB."""
    return json.loads(zlib.decompress(b64decode(usage))) if isinstance(usage, str) and usage else []


class Answer(BaseModel):
    """What became of a delivery: requests by reason, the quarantine objects that it is in now, the
    places of those that are not whole, and its events.
    """

    model_config = ConfigDict(frozen=True)

    billed: int
    excluded: dict[str, int]
    quarantined: dict[str, int]
    kept: list[str]
    incomplete: list[str]
    usage: Annotated[list[tuple[str, str, str, int | float, str]], BeforeValidator(_unpacked)]

    @property
    def sent_rows(self) -> list[SentRow]:
        return [
            {
                "key": key,
                "customerId": customer_id,
                "meter": meter,
                "quantity": quantity,
                "occurredAt": occurred_at,
                "setAsideClass": "",
            }
            for key, customer_id, meter, quantity, occurred_at in self.usage
        ]


class Metering:
    """The metering function, asked in the name of one replay."""

    def __init__(
        self, client: "LambdaClient", function_arn: str, replay_id: str, *, dry_run: bool
    ) -> None:
        self._client = client
        self._function_arn = function_arn
        self._replay_id = replay_id
        self._dry_run = dry_run

    def take(self, payload: Mapping[str, object], *, from_log: bool = False) -> Answer:
        """MeteringFailed when it raised; errors of the call itself raise as they are."""
        asked = {"id": self._replay_id, "dryRun": self._dry_run, "fromLog": from_log}
        request = json.dumps({**payload, "replay": asked}).encode()
        if len(request) > REQUEST_BYTES:
            # Raised by Lambda, it would end the round and all others with it.
            raise RequestTooLarge
        answer = self._client.invoke(FunctionName=self._function_arn, Payload=request)
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            # The type alone: a message may quote the line.
            raise MeteringFailed(str(json.loads(body).get("errorType", "no error type")))
        return Answer.model_validate_json(body)
