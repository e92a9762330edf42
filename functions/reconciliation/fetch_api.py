"""Aforo's routes for a fetch: a question goes out, an answer's body or `Unanswered` comes back.

Guaranteed: nothing is raised that Aforo or the network do. The key goes to the hosts that may see
it, and never with the question for the public keys.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from http import HTTPStatus
from typing import NamedTuple

import httpx

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, read_capped
from functions.usage.errors import Permanent, Retryable

QUOTA_CHECK = "/api/v1/quota/check"
MARGIN_GUARD = "/internal/v1/margin-guard/quick-check"
# For a whole body: a key set of 40 KB is the longest, and others wait behind it.
BODY_SECONDS = 2.0


class Unanswered(NamedTuple):
    """No answer. `is_final`: whoever asks on now gets none either."""

    reason: str
    is_final: bool = False


REFUSED = Unanswered("credential_refused", is_final=True)


class Places(NamedTuple):
    """Where to ask; None: that is not asked. `keys_path` is the path of the JWKS at `keys`."""

    quota: httpx.Client
    guard: httpx.Client | None = None
    keys: httpx.Client | None = None
    keys_path: str = ""

    def close(self) -> None:
        """Give the connections back."""
        for client in (self.quota, self.guard, self.keys):
            if client is not None:
                client.close()


class FetchApi:
    """Asks as one tenant. `pause` waits before each question, for the sake of Aforo's rate."""

    def __init__(
        self,
        places: Places,
        credential: AforoCredential,
        caller: Caller,
        metric_name: str,
        pause: Callable[[], None],
    ) -> None:
        self.places = places
        self._credential = credential
        self._caller = caller
        self._metric_name = metric_name
        self._pause = pause

    def quota(self, customer_id: str) -> bytes | Unanswered:
        """Usage and limit of a customer for the metric."""
        question = {
            "customerId": customer_id,
            "metricName": self._metric_name,
            "estimatedQuantity": 1,
        }
        client = self.places.quota
        return self._as_tenant(client, client.build_request("POST", QUOTA_CHECK, json=question))

    def guard(self, customer_id: str) -> bytes | Unanswered | None:
        """The customer's margin guard; None: it is not asked."""
        client = self.places.guard
        if client is None:
            return None
        tenant = self._caller.tenant_id
        question = {"tenantId": tenant, "scopeType": "CUSTOMER", "scopeId": customer_id}
        return self._as_tenant(client, client.build_request("GET", MARGIN_GUARD, params=question))

    def keys(self) -> bytes | Unanswered | None:
        """The JWKS; None: it is not asked."""
        client = self.places.keys
        if client is None:
            return None
        return self._ask(client, client.build_request("GET", self.places.keys_path))

    def _as_tenant(self, client: httpx.Client, question: httpx.Request) -> bytes | Unanswered:
        """Once more with each other key that there is, while the key is refused."""
        try:
            for key in self._credential.keys_for(str(client.base_url)):
                question.headers.update(self._caller.headers(key))
                answer = self._ask(client, question)
                if answer != REFUSED:
                    break
        except Retryable:
            return Unanswered("secret_unreadable", is_final=True)
        except Permanent:
            # The placeholder of the first deploy, or a key of the other environment.
            return Unanswered("secret_not_usable", is_final=True)
        return answer

    def _ask(self, client: httpx.Client, question: httpx.Request) -> bytes | Unanswered:
        self._pause()
        try:
            with closing(client.send(question, stream=True)) as answer:
                refusal = _without_answer(answer.status_code)
                return refusal or read_capped(answer, seconds=BODY_SECONDS)
        except httpx.TimeoutException:
            return Unanswered("timeout")
        except httpx.TransportError:
            return Unanswered("no_connection")


# What a status says when it is no 2xx (aforo-contract.md 1.1.4).
_BY_STATUS: Mapping[int, Unanswered] = {
    HTTPStatus.UNAUTHORIZED: REFUSED,
    HTTPStatus.FORBIDDEN: REFUSED,
    HTTPStatus.NOT_FOUND: Unanswered("not_found"),
    HTTPStatus.REQUEST_TIMEOUT: Unanswered("outage"),
    # Whatever it says to wait: the next minute asks again.
    HTTPStatus.TOO_MANY_REQUESTS: Unanswered("rate_limited", is_final=True),
}


def _without_answer(status: int) -> Unanswered | None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status < HTTPStatus.BAD_REQUEST:
        return Unanswered("redirected", is_final=True)
    other = "outage" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "question_refused"
    return _BY_STATUS.get(status, Unanswered(other))
