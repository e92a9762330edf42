"""Replay's first step outside: nothing comes in, whether Aforo would take usage now leaves.

Read-only at Aforo. The outcome is returned, never raised: the state machine decides on it.
"""

import time
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client
from functions.adapters.aws import secrets_client
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import REPLAY_PROBED, Telemetry
from functions.replay.readiness import Outcome, Readiness, judge_answer, no_answer
from functions.replay.settings import ProbeSettings
from functions.usage.errors import SettingsError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

QUOTA_CHECK = "/api/v1/quota/check"
# No customer's id: nothing is looked up or counted for anybody.
QUESTION = {"customerId": "replay-probe", "estimatedQuantity": 0}


class Probe:
    """Asks Aforo with the credential in use, and again with each other while it is refused."""

    def __init__(self, client: httpx.Client, credential: AforoCredential, caller: Caller) -> None:
        self._client = client
        self._credential = credential
        self._caller = caller

    def ask(self) -> Readiness:
        """Raises Retryable when the secret cannot be read: another try may cure it."""
        try:
            for key in self._credential.keys_for(str(self._client.base_url)):
                readiness = self._ask_with(key)
                if readiness.reason != "credential_refused":
                    break
        except SettingsError as error:
            return Readiness(Outcome.REFUSED, str(error))
        return readiness

    def _ask_with(self, key: str) -> Readiness:
        headers = self._caller.headers(key)
        try:
            with self._client.stream("POST", QUOTA_CHECK, json=QUESTION, headers=headers) as answer:
                return judge_answer(answer.status_code, answer.headers)
        except httpx.TimeoutException:
            return no_answer("timeout")
        except httpx.TransportError:
            return no_answer("no_connection")


def handler(event: object, _context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    probe, telemetry = _wired()
    readiness = probe.ask()
    telemetry.log.info(REPLAY_PROBED, extra={**asdict(readiness), "input": event})
    return {
        "outcome": readiness.outcome,
        "reason": readiness.reason,
        "status": readiness.status,
        "retryAfterSeconds": readiness.retry_after_seconds,
    }


@cache
def _wired() -> tuple[Probe, Telemetry]:
    settings = read_settings(ProbeSettings)
    client = aforo_client(settings.aforo_base_url, settings.allowed_hosts)
    credential = AforoCredential(secrets_client(), settings.aforo_secret_arn, time.monotonic)
    caller = Caller(settings.aforo_tenant_id, settings.aforo_key_header)
    return Probe(client, credential, caller), Telemetry("replay")
