"""The HTTP client for Aforo: a base URL comes in, a kept-alive client leaves that cannot be led
astray.

Guaranteed: the key goes to an allow-listed host, over TLS (plain HTTP only to loopback), by no
proxy of the environment and after no redirect; an answer costs at most 64 KiB and a stated time.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from functions.usage.errors import SettingsError

USER_AGENT = "aforo-aws-metering/0.1.0"  # a test compares it with pyproject.toml
CONNECT_SECONDS = 2.0
# Between two reads, and for a body as a whole: with the connect 10 s, what all Aforo clients wait.
READ_SECONDS = 8.0
# Between two pieces of a body that is sent: the network takes the common one (34 KB) at once.
WRITE_SECONDS = 2.0
# At worst: connect, write, wait for the answer, read it until its time is over, and the last read.
SENDING_SECONDS = int(CONNECT_SECONDS + WRITE_SECONDS + 3 * READ_SECONDS)
# 100 events with an error each are 20 KiB; nothing that Aforo says is longer.
RESPONSE_BYTES = 64 * 1024


def aforo_client(
    base_url: str,
    allowed_hosts: Collection[str],
    variable: str = "AFORO_BASE_URL",
    signing: httpx.Auth | None = None,
) -> httpx.Client:
    """A client for `base_url`. SettingsError, naming the variable, for a URL it must not call.
    `signing` adds a signature to each request.

    Send with `client.stream(...)` and read with `read_capped`; httpx raises what goes wrong.
    """
    _check_base_url(base_url, allowed_hosts, variable)
    return httpx.Client(
        base_url=base_url,
        auth=signing,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, write=WRITE_SECONDS),
        headers={
            "User-Agent": USER_AGENT,
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "identity",  # a compressed answer could exceed the cap unseen
        },
    )


class KeyHeader(StrEnum):
    """Where Aforo wants the key: its sources of 2026 disagree (docs/explanation/decisions/0002)."""

    AUTHORIZATION = "Authorization"  # as a Bearer value
    X_API_KEY = "X-API-Key"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and how Aforo wants to be told (aforo-contract.md 1.1.1)."""

    tenant_id: str
    key_header: KeyHeader = KeyHeader.AUTHORIZATION

    def headers(self, api_key: str) -> dict[str, str]:
        """The headers of a request with a JSON body. Never log the result."""
        is_bearer = self.key_header is KeyHeader.AUTHORIZATION
        return {
            self.key_header: f"Bearer {api_key}" if is_bearer else api_key,
            "X-Tenant-Id": self.tenant_id,
            "Content-Type": "application/json",
        }


def read_capped(
    response: httpx.Response,
    *,
    limit: int = RESPONSE_BYTES,
    seconds: float = READ_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """The body of a streamed response. A longer one is cut at `limit`, and so does not parse;
    one that drips for more than `seconds` raises httpx.ReadTimeout.
    """
    body = bytearray()
    deadline = clock() + seconds
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= limit:
            break
        if clock() > deadline:
            message = f"the answer was not complete after {seconds:g} s"
            raise httpx.ReadTimeout(message, request=response.request)
    return bytes(body[:limit])


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_base_url(base_url: str, allowed_hosts: Collection[str], variable: str) -> None:
    try:
        parts = urlsplit(base_url)
    except ValueError as error:
        fix = "write https://host, as the template's parameter has it"
        raise SettingsError(f"{variable}: is no address: {fix}") from error
    host = parts.hostname or ""
    if parts.username or parts.password or parts.query or parts.fragment or not host:
        raise SettingsError(f"{variable}: give scheme, host and at most a path, nothing else")
    if is_loopback(host) and parts.scheme in {"http", "https"}:
        return
    if parts.scheme != "https":
        raise SettingsError(
            f"{variable}: {parts.scheme}://{host} is not https: write https://{host}"
        )
    if host not in {allowed.strip().lower() for allowed in allowed_hosts}:
        fix = "deploy with it in AforoAllowedHosts"
        raise SettingsError(f"{variable}: {host} is not one of AFORO_ALLOWED_HOSTS: {fix}")
