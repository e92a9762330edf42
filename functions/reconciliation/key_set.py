"""The signing keys that an operator hands over: a URL or a file comes in, RSA public keys leave."""

import json
import socket
import ssl
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from functions.usage.errors import Permanent

# A key set of 50 keys is 40 KB.
LARGEST_BYTES = 256 * 1024
WAIT_SECONDS = 10.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def fetch_key_set(url: str) -> list[object]:
    """The RSA keys of the JWKS (RFC 7517) at `url`: https, or http on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        fix = "give an https:// address, or http:// on this machine"
        raise Permanent(f"--url {url}: the keys would come from anybody: {fix}")
    try:
        with urlopen(url, timeout=WAIT_SECONDS) as answer:  # noqa: S310 - checked above
            return rsa_keys(answer.read(LARGEST_BYTES), f"--url {url}")
    except (URLError, OSError, HTTPException) as error:
        raise Permanent(f"--url {url}: {_why_not_read(error)}") from None


def read_key_set(path: Path) -> list[object]:
    """The RSA keys of a JWKS file."""
    try:
        return rsa_keys(path.read_bytes(), f"--file {path}")
    except OSError as error:
        raise Permanent(
            f"--file {path}: cannot be read: check the path ({error.strerror})"
        ) from None


def _why_not_read(error: Exception) -> str:
    """The cause, and what to look at."""
    cause = error.reason if isinstance(error, URLError) else error
    match cause:
        case _ if isinstance(error, HTTPError):
            return f"it answers {error.code}, not 200: check the address"
        case socket.gaierror():
            return "no server has this name: check the address, and the DNS of this network"
        case ssl.SSLError():
            said = getattr(cause, "verify_message", "") or cause.reason
            fix = "set SSL_CERT_FILE where a proxy of yours signs"
            return f"its certificate is not trusted ({said}): {fix}"
        case TimeoutError():
            return "it does not answer in time: check the network, and HTTPS_PROXY"
        case ConnectionError():
            return "it does not take connections: check host and port, and HTTPS_PROXY"
        case _:
            return f"it cannot be read ({cause}): check the address, the network and HTTPS_PROXY"


def rsa_keys(text: bytes, where: str = "keys") -> list[object]:
    """The keys that can sign with RS256; a set may hold others. Permanent when there is none."""
    try:
        keys = [key for key in json.loads(text)["keys"] if key.get("kty") == "RSA"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        page = " but a web page, of a proxy or a sign-in" if b"<html" in text[:1000].lower() else ""
        raise Permanent(f'{where}: is no key set{page}: expected {{"keys": [...]}}') from None
    if not keys:
        raise Permanent(f"{where}: has no RSA key: tokens are signed with RS256, give its keys")
    return keys
