"""The demo's customers, provisioned as an operator would: through commands on SettledUsageQueue.

Only reconciliation writes to Redis, so nothing here does. API keys are made here and only their
SHA-256 leaves; the token customer's token comes from the stand-in for Aforo.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import boto3
import httpx

from functions.operator.counter_commands.stack import Stack
from functions.reconciliation.commands import COMMAND
from tests.local.endpoints import DemoCustomer
from tests.local.waiting import until

TOKEN_SECONDS = 12 * 3600  # a local cloud stays up for an afternoon
METER = "api_calls"
READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a demo customer has: its kind of credential and its monthly quota."""

    customer_id: str
    credential: str
    quota: int
    rate_per_second: float
    burst: int
    when_unknown: str | None = None  # allow or deny; None: the deployment's policy


DEMO_PLANS = (
    Plan("cus_acme", "token", quota=100_000, rate_per_second=50, burst=50),
    Plan("cus_globex", "api_key", quota=100_000, rate_per_second=50, burst=50),
    Plan("cus_initech", "api_key", quota=60, rate_per_second=5, burst=5),
)


def provision(
    plans: Sequence[Plan],
    *,
    tenant: str,
    aforo_url: str,
    stack: Stack,
) -> list[DemoCustomer]:
    """Open the counters, grant, register credentials; the customers with their headers, once the
    counters know every one of them.
    """
    version = time.time_ns() // 1_000_000
    jwks = httpx.get(f"{aforo_url}/.well-known/jwks.json", timeout=10).json()
    keys = {plan.customer_id: f"demo_{secrets.token_urlsafe(24)}" for plan in plans}
    commands: list[dict[str, Any]] = [
        {"kind": "open", "version": version},
        {"kind": "jwks", "keys": jwks["keys"], "version": version},
        *(_grant(plan, version) for plan in plans),
        *(
            _credential(plan, keys[plan.customer_id], tenant, version)
            for plan in plans
            if plan.credential == "api_key"
        ),
    ]
    # Each minute Aforo is asked for limits: it has to say what is granted here.
    for plan in plans:
        put_limit(aforo_url, plan.customer_id, plan.quota)
    for command in commands:
        stack.send(COMMAND.validate_json(json.dumps(command)))
    customers = [
        DemoCustomer(
            customer_id=plan.customer_id,
            headers={"Authorization": f"Bearer {_secret(plan, keys, aforo_url)}"},
            credential=plan.credential,
            quota=plan.quota,
        )
        for plan in plans
    ]
    for plan in plans:
        _wait_for_grant(stack.function_arn, plan)
    return customers


def put_limit(aforo_url: str, customer_id: str, limit: int) -> None:
    """What a customer may use in a month, at the stand-in. More than before: a top-up."""
    httpx.put(
        f"{aforo_url}/_customers/{customer_id}", json={"limit": limit}, timeout=10
    ).raise_for_status()


def inspect(reconciliation: str, customer_id: str, keys: Sequence[str] = ()) -> dict[str, Any]:
    """What the counters say of a customer, asked of the reconciliation function itself."""
    question = {"inspect": {"customerId": customer_id, "meter": METER, "keys": list(keys)}}
    answer = boto3.client("lambda").invoke(
        FunctionName=reconciliation, Payload=json.dumps(question).encode()
    )
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        message = f"reconciliation could not inspect {customer_id}: {found.get('errorMessage')}"
        raise RuntimeError(message)
    return found


def _grant(plan: Plan, version: int) -> dict[str, Any]:
    return {
        "kind": "grant",
        "customerId": plan.customer_id,
        "meter": METER,
        "limit": plan.quota,
        "period": "month",
        "ratePerSecond": plan.rate_per_second,
        "burst": plan.burst,
        "allowWhenUnknown": {"allow": True, "deny": False, None: None}[plan.when_unknown],
        "version": version,
    }


def _credential(plan: Plan, key: str, tenant: str, version: int) -> dict[str, Any]:
    return {
        "kind": "credential",
        "apiKeySha256": sha256(key.encode()).hexdigest(),
        "customerId": plan.customer_id,
        "keyId": f"key_{plan.customer_id}",
        "tenantId": tenant,
        "environment": "sandbox",
        "version": version,
    }


def _secret(plan: Plan, keys: Mapping[str, str], aforo_url: str) -> str:
    return (
        token(aforo_url, plan.customer_id) if plan.credential == "token" else keys[plan.customer_id]
    )


def token(aforo_url: str, customer_id: str, ttl_seconds: int = TOKEN_SECONDS) -> str:
    """A token for a customer, issued by the stand-in to a client registered for it."""
    client = {
        "secret": secrets.token_urlsafe(16),
        "customer_id": customer_id,
        "key_id": f"key_{customer_id}",
        "environment": "sandbox",
        "ttl_seconds": ttl_seconds,
    }
    client_id = f"client_{customer_id}_{secrets.token_hex(4)}"
    with httpx.Client(base_url=aforo_url, timeout=10) as http:
        http.put(f"/_clients/{client_id}", json=client).raise_for_status()
        answer = http.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client["secret"],
            },
        )
    return str(answer.raise_for_status().json()["access_token"])


def _wait_for_grant(reconciliation: str, plan: Plan) -> None:
    def is_counted() -> bool:
        return bool(inspect(reconciliation, plan.customer_id)["limit"] == plan.quota)

    until(
        is_counted,
        READY_SECONDS,
        every=0.2,
        what=lambda: f"no grant of {plan.customer_id} in the counters",
    )
