"""The question to Aforo: nothing comes in, whether it would take usage now leaves.

Read-only at Aforo. The outcome is returned, never raised: a round decides on it.
"""

import httpx

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller
from functions.replay.readiness import Readiness, ReadinessOutcome, judge_answer, no_answer
from functions.usage.errors import SettingsError

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
            return Readiness(ReadinessOutcome.REFUSED, str(error))
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
