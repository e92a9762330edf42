"""`aforo-metering counters api-key | revoke | jwks`: who may call, and by what.

An API key never leaves this machine: only its SHA-256 does.
"""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated, Literal

from cyclopts import Parameter

from functions.operator.counter_commands.customer_change import UNSAID, Meant, change_customer
from functions.operator.counter_commands.instants import moment_ms
from functions.operator.counter_commands.sending import (
    FIND,
    Customer,
    Finder,
    VersionOption,
    checked,
    send,
    versioned,
)
from functions.operator.counter_commands.stack import Stack
from functions.operator.deployment.place import HERE, Place
from functions.operator.plain_option import PLAIN
from functions.operator.still_working import StillWorking
from functions.reconciliation.commands import JwksCommand
from functions.reconciliation.key_set import fetch_key_set, read_key_set
from functions.usage.errors import Permanent
from functions.usage.moment import iso_from_epoch_ms

# Aforo's tokens live 15 minutes: after an hour a revoked one is refused for its age.
REVOCATION_HOURS = 1.0
# A key that somebody typed is a password: a short one can be guessed from its SHA-256.
SHORTEST_KEY = 20

_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def api_key(
    *,
    customer: Customer,
    key_id: Annotated[str, Parameter(help="the key's name, as logs show it")],
    environment: Annotated[Literal["sandbox", "live"], Parameter(help="which one it is for")],
    tenant: Annotated[str | None, Parameter(help="checked against the stack's")] = None,
    scope: Annotated[list[str], PLAIN, Parameter(help="may be repeated")] = [],  # noqa: B006 - read only
    usage_identifier: Annotated[
        str | None, Parameter(help="the usage plan's API key that it counts for")
    ] = None,
    revoked: Annotated[bool, PLAIN, Parameter(help="end the key for good")] = False,
    generate: Annotated[
        bool, PLAIN, Parameter(help="make a key and print it once (else: from stdin)")
    ] = False,
    digest: Annotated[
        str | None,
        Parameter(name="--sha256", help="of a key that you do not have: 64 hex digits"),
    ] = None,
    version: VersionOption = None,
    meant: Meant = UNSAID,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """The key is read from stdin, made here, or known by its SHA-256 alone."""
    if generate and digest is not None:
        raise Permanent("--generate: give it, or --sha256")
    made = f"ak_{token_urlsafe(32)}" if generate else ""
    fields = {
        "kind": "credential",
        "apiKeySha256": _checked(digest) or _api_key_sha256(made or sys.stdin.readline().strip()),
        "customerId": customer,
        "keyId": key_id,
        "tenantId": tenant,
        "scopes": scope,
        "environment": environment,
        "usageIdentifier": usage_identifier,
        "revoked": revoked,
        "version": versioned(version),
    }
    status = change_customer(fields, place, find, meant)
    if made and status == 0:  # before, it would be nobody's key
        print(f"API key, shown this once: {made}")
    return status


def revoke(
    *,
    jti: Annotated[str | None, Parameter(help="one token")] = None,
    key_id: Annotated[str | None, Parameter(help="every token of a client")] = None,
    until: Annotated[str | None, Parameter(help="ISO time")] = None,
    hours: Annotated[
        float | None,
        Parameter(help="if no --until is given; one for a token (it expires by itself)"),
    ] = None,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """For a time: a token ends by itself, a client does not."""
    if (jti is None) == (key_id is None):
        raise Permanent("--jti or --key-id: give one of them")
    until_ms = moment_ms("--until", until)
    if until_ms is None:
        if hours is None and key_id:
            raise Permanent(
                "--until or --hours: a client's API key works again after it; "
                "to end a key for good, register it again with api-key --revoked"
            )
        later = datetime.now(UTC) + timedelta(hours=hours or REVOCATION_HOURS)
        until_ms = int(later.timestamp() * 1000)
    command = checked({"kind": "revocation", "jti": jti, "keyId": key_id, "untilMs": until_ms})
    stack = find(place)
    print(f"{jti or key_id}: refused until {iso_from_epoch_ms(until_ms)}")
    return send(command, stack)


def jwks(
    *,
    url: Annotated[str | None, Parameter(help="https, or http on this machine")] = None,
    file: Annotated[Path | None, Parameter(help="a JWKS file")] = None,
    version: VersionOption = None,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """All of them: a key that is not among them signs no more."""
    if (url is None) == (file is None):
        raise Permanent("--url or --file: give one of them")
    with StillWorking("counters jwks", "reading the key set"):
        keys = read_key_set(file) if file else fetch_key_set(url or "")
    fields = {"kind": "jwks", "keys": keys, "version": versioned(version)}
    command = checked(fields)
    stack = find(place)
    if isinstance(command, JwksCommand):
        after = ", ".join(key.kid for key in command.keys)
        print(f"signing keys: {_signing_keys(stack)} -> {after}")
    return send(command, stack)


def _signing_keys(stack: Stack) -> str:
    try:
        return ", ".join(json.loads(stack.tenant_findings())["signingKeys"]) or "none"
    except Permanent as error:
        return f"unknown ({error})"


def _checked(digest: str | None) -> str | None:
    if digest is not None and not _DIGEST.fullmatch(digest):
        # Not repeated: it may be the key itself.
        raise Permanent("--sha256: is no SHA-256: 64 hex digits, as `sha256sum` prints them")
    return digest.lower() if digest else None


def _api_key_sha256(key: str) -> str:
    if len(key) < SHORTEST_KEY:
        raise Permanent(
            f"the API key on stdin: has fewer than {SHORTEST_KEY} characters; "
            "pipe it in, or give --generate or --sha256"
        )
    return sha256(key.encode()).hexdigest()
