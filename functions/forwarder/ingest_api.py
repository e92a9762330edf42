"""Aforo's ingest API: a batch of events comes in, the verdict on its post leaves.

Guaranteed: no exception of httpx or of the credential leaves. Where the network failed, the
verdict says whether Aforo may have the events all the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, read_capped
from functions.adapters.telemetry import AFORO_REFUSED, Telemetry
from functions.forwarder.answer import (
    CLOCK_SKEW,
    CREDENTIAL_STATUSES,
    NoAnswer,
    Stop,
    Verdict,
    judge,
    signature_fault,
)
from functions.forwarder.holding import OUT_OF_TIME
from functions.forwarder.packing import KeyedEvent, body_of
from functions.forwarder.problem import Reply
from functions.usage.errors import Retryable, SettingsError
from functions.usage.outcome import Held

BATCH_PATH = "/v1/ingest/batch"
GATEWAY = "aws-apigw"
# Said only of a post that is of one API and stage (aforo-contract.md 1.1.1).
_ORIGIN_HEADERS = {
    "api_id": "X-Apigateway-Api-Id",
    "stage": "X-Apigateway-Stage",
    "region": "X-Aws-Region",
}
# Raised before a byte of the body is on the wire.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


@dataclass(frozen=True, slots=True)
class IngestApi:
    """One environment of Aforo, over one kept-alive client. `now` is the wall clock, in UTC."""

    client: httpx.Client
    credential: AforoCredential
    caller: Caller
    now: Callable[[], datetime]
    telemetry: Telemetry
    # Parsed once: httpx parses the path and joins it for each request, at a tenth of a post's CPU.
    _url: httpx.URL = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_url", self.client.base_url.join(BATCH_PATH.removeprefix("/")))

    def post(
        self, batch: Sequence[KeyedEvent], has_time: Callable[[], bool] = lambda: True
    ) -> Verdict:
        """Post a batch once; when the key is refused, once more with each other key that there is:
        a rotation may reach us before or after it reaches Aforo. `has_time` says before each
        sending whether it can end; reading the key may have taken long.
        """
        said: Reply | NoAnswer | None = None
        try:
            for key in self.credential.keys_for(str(self.client.base_url)):
                if not has_time():
                    break
                said = self._send(batch, key)
                if not _is_refusal(said):
                    break
        except (Retryable, SettingsError) as error:
            return self._without_key(error)
        if said is None:
            return Stop(Held(OUT_OF_TIME, 0))
        self._say_if_unsigned(said)
        return judge(said, len(batch), self.now())

    def _say_if_unsigned(self, said: Reply | NoAnswer) -> None:
        """AWS's own words may quote what was signed: they stay out of the log."""
        fault = signature_fault(said) if isinstance(said, Reply) else ""
        if fault and isinstance(said, Reply):
            theirs = said.headers.get("date", "unknown") if fault == CLOCK_SKEW else ""
            clocks = f": its clock says {theirs}, ours {self.now():%a, %d %b %Y %H:%M:%S} UTC"
            message = f"AWS in front of Aforo refuses the signature ({fault})"
            self.telemetry.log.error(AFORO_REFUSED, fault=message + (clocks if theirs else ""))

    def _without_key(self, error: Exception) -> Stop:
        # The message names the secret or the variable, never the key.
        self.telemetry.log.error(AFORO_REFUSED, fault=str(error))
        return Stop(Held("credential_unavailable", 0))

    def _send(self, batch: Sequence[KeyedEvent], key: str) -> Reply | NoAnswer:
        headers = self.caller.headers(key) | dict(_origin_headers(batch))
        try:
            with self.client.stream(
                "POST", self._url, content=body_of(batch), headers=headers
            ) as response:
                return Reply(response.status_code, response.headers, read_capped(response))
        except _NOT_SENT:
            return NoAnswer("unreachable", is_ambiguous=False)
        except httpx.RequestError:
            return NoAnswer("no_answer", is_ambiguous=True)


def _is_refusal(said: Reply | NoAnswer) -> bool:
    if not isinstance(said, Reply) or signature_fault(said):  # no other key would help
        return False
    return said.status in CREDENTIAL_STATUSES


def _origin_headers(batch: Sequence[KeyedEvent]) -> Iterator[tuple[str, str]]:
    yield "X-Forwarded-By", GATEWAY
    yield "X-Gateway-Source", GATEWAY
    for name, header in _ORIGIN_HEADERS.items():
        found = {keyed.event["metadata"].get(name) for keyed in batch}
        value = found.pop() if len(found) == 1 else None
        if isinstance(value, str) and value.isascii() and value.isprintable() and value:
            yield header, value
