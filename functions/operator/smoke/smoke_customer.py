"""A customer that only the smoke test knows: made with a key of its own, closed afterwards."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from secrets import token_urlsafe
from typing import NamedTuple
from uuid import uuid4

import httpx
from pydantic_core import to_json

from functions.operator.counter_commands.stack import Stack, counters_of
from functions.operator.smoke.claim import DidNotHold, NotTried
from functions.operator.smoke.subject import Subject
from functions.reconciliation.commands import COMMAND

METER = "api_calls"
# A command walks through SettledUsageQueue; the first one also waits for a cold start in the VPC.
IN_FORCE_SECONDS = 120
CALL_SECONDS = 35  # API Gateway gives an answer within 29


class SmokeCustomer(NamedTuple):
    """Calls the demo API as this customer."""

    customer_id: str
    headers: Mapping[str, str]
    url: str

    def call(self) -> httpx.Response:
        """One paid request."""
        return get(self.url, self.headers)


def credential_headers(subject: Subject, key: str) -> dict[str, str]:
    """An API key where the stack's authorizer looks for one."""
    if _variables(subject).get("CREDENTIAL_HEADER") == "x-api-key":
        return {"X-API-Key": key}
    return {"Authorization": f"Bearer {key}"}


def get(url: str, headers: Mapping[str, str]) -> httpx.Response:
    """DidNotHold where nothing answers."""
    try:
        return httpx.get(url, headers=headers, timeout=CALL_SECONDS)
    except httpx.HTTPError as error:
        raise DidNotHold(f"{url} does not answer: {error}") from None


@contextmanager
def smoke_customer(subject: Subject, *, limit: int) -> Iterator[SmokeCustomer]:
    """One whose grant is in force; its key ends with it. DidNotHold: it never came into force."""
    counters = counters_of(subject.deployment)
    customer_id, key = f"cus_smoke_{uuid4().hex[:12]}", f"ak_{token_urlsafe(32)}"
    version = time.time_ns() // 1_000_000
    credential = {
        "kind": "credential",
        "apiKeySha256": sha256(key.encode()).hexdigest(),
        "customerId": customer_id,
        "keyId": f"key_{customer_id}",
        "environment": _variables(subject)["AFORO_ENVIRONMENT"],
        "version": version,
    }
    grant = {
        "kind": "grant",
        "customerId": customer_id,
        "meter": METER,
        "limit": limit,
        "period": "month",
        "ratePerSecond": 1,
        "burst": 1,
        "version": version,
    }
    _send(counters, grant)
    _send(counters, credential)
    try:
        _wait_until_in_force(subject, counters, customer_id)
        headers = credential_headers(subject, key)
        yield SmokeCustomer(customer_id, headers, f"{subject.api_url.rstrip('/')}/pets")
    finally:
        _send(counters, {**credential, "revoked": True, "version": version + 1})
        status = {"kind": "status", "customerId": customer_id, "status": "closed"}
        _send(counters, {**status, "version": version + 1})


def _send(counters: Stack, fields: Mapping[str, object]) -> None:
    counters.send(COMMAND.validate_json(to_json(fields)))


def _wait_until_in_force(subject: Subject, counters: Stack, customer_id: str) -> None:
    question = {"customerId": customer_id, "meter": METER, "keys": []}

    def look() -> bool | None:
        return True if '"limit":' in counters.inspect(question).replace(" ", "") else None

    if not subject.wait(look, IN_FORCE_SECONDS):
        raise DidNotHold("a grant was not in force after two minutes: see SettledAgeAlarm")


def needs_enforcement(subject: Subject) -> None:
    """NotTried where the stack lets pass whom it would refuse."""
    if _variables(subject).get("AUTHORIZER_MODE") == "shadow":
        raise NotTried("this stack refuses nobody: deploy it with AuthorizerMode=enforce")


def _variables(subject: Subject) -> Mapping[str, str]:
    """What the authorizer was deployed with."""
    function = subject.session.client("lambda").get_function_configuration(
        FunctionName=subject.resources["AuthorizerFunction"]
    )
    return function["Environment"]["Variables"]
