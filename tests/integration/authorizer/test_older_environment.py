"""New code in the environment of the first release: a deploy changes the two apart from each other.

`first_release_environment.json` is what that release's template gave to the function. It is not to
be changed: a variable that came later has a default in the settings, and the default decides as the
code did that did not know the variable.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import MISSING, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from functions.authorizer.settings import AuthorizerSettings, read_settings
from tests.fakes.authorizer_event import authorizer_event
from tests.integration.authorizer.conftest import Stack

FIRST: dict[str, str] = json.loads(
    Path(__file__).with_name("first_release_environment.json").read_text()
)
# Given by Lambda itself, to every release.
FROM_THE_RUNTIME = {"AWS_REGION"}
# A new process each time, as Lambda starts one. A machine that is busy for 50 ms is asked again,
# after the breaker has let go.
_PROCESS = """
import json, sys, time
from functions.authorizer.handler import handler
from functions.authorizer.authorize import Unauthorized

event = json.load(sys.stdin)
asked_until = time.monotonic() + 30
while True:
    try:
        policy = handler(event, None)
    except Unauthorized as refused:
        policy = {"raised": str(refused)}
    code = policy.get("context", {}).get("code")
    if code not in ("QUOTA_STATE_UNKNOWN", "IDENTITY_UNKNOWN") or time.monotonic() > asked_until:
        break
    time.sleep(0.2)
print("policy", json.dumps(policy))
"""


def decided(environment: Mapping[str, str], authorization: str) -> dict[str, Any]:
    """What a process decides that was started with nothing but these variables."""
    found = subprocess.run(
        [sys.executable, "-c", _PROCESS],
        env=dict(environment),
        input=json.dumps(authorizer_event(authorization)),
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(each for each in found.stdout.splitlines() if each.startswith("policy "))
    policy: dict[str, Any] = json.loads(line.removeprefix("policy "))
    return policy


def effect(policy: Mapping[str, Any]) -> str:
    return str(policy["policyDocument"]["Statement"][0]["Effect"])


def test_a_variable_that_came_later_has_a_default() -> None:
    """Else the callers of the seconds between two calls of a deploy are all refused."""
    later = [
        field
        for field in fields(AuthorizerSettings)
        if field.name.upper() not in {*FIRST, *FROM_THE_RUNTIME}
    ]
    assert [field.name for field in later if field.default is MISSING] == []
    settings = read_settings(FIRST)
    assert all(getattr(settings, field.name) == field.default for field in later)


def test_the_first_release_s_environment_decides_as_before(stack: Stack) -> None:
    """Served, stopped at the quota, refused for a bad credential, as that release did."""
    stack.clock.now = time.time()  # its own clock, which is also that of the processes
    stack.grant(limit=100)
    stack.know_api_key(sha256(b"sk_live_1").hexdigest())
    environment = FIRST | {"REDIS_URL": stack.valkey.url, "AFORO_TENANT_ID": stack.tenant}
    allowed = decided(environment, "Bearer sk_live_1")
    assert effect(allowed) == "Allow"
    assert (allowed["context"]["keyId"], allowed["context"]["limit"]) == ("key-9", 100)
    stack.grant(limit=10, used=10)
    denied = decided(environment, "Bearer sk_live_1")
    assert (effect(denied), denied["context"]["code"]) == ("Deny", "QUOTA_EXCEEDED")
    assert decided(environment, "Bearer sk_live_2") == {"raised": "Unauthorized"}
