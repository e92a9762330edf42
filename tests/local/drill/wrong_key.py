"""The Aforo key was rotated, and a wrong one was put into the secret: Aforo refuses every post."""

import json
import secrets

import boto3

from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY
from tests.local.deploy import put_aforo_key, stack_outputs
from tests.local.endpoints import Endpoints
from tests.local.waiting import until

REFUSED_SECONDS = 60.0
REFUSED = 401
AN_HOUR_ON = 3612.0  # CloudWatch rings when a message is an hour old; nobody waits for that here


def cause(endpoints: Endpoints) -> None:
    """The keys that worked until now are revoked; twice a wrong one, so that none is before it."""
    secret = stack_outputs(endpoints.stack_name)["AforoSecretArn"]
    with Console(endpoints.aforo_url) as console:
        for key in {DEFAULT_API_KEY, _key_in_use(secret)}:
            console.delete(f"_api_keys/{key}")
    for _ in range(2):
        put_aforo_key(secret, f"sk_test_{secrets.token_hex(20)}")


def figure(endpoints: Endpoints) -> float:
    """Seconds that the oldest message waits, once Aforo refuses."""

    def look() -> bool:
        with Console(endpoints.aforo_url) as console:
            posts = console.posts()
        return any(one["status"] == REFUSED for one in posts[-3:])

    until(look, REFUSED_SECONDS, every=0.3)
    return AN_HOUR_ON


def _key_in_use(secret_arn: str) -> str:
    found = boto3.client("secretsmanager").get_secret_value(SecretId=secret_arn)["SecretString"]
    return str(json.loads(found)["apiKey"])
