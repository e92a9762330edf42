"""The signing keys that an operator hands over: a URL or a file comes in, RSA public keys leave."""

import json
from pathlib import Path
from urllib.error import URLError
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
        raise Permanent("--url: must be https")
    try:
        with urlopen(url, timeout=WAIT_SECONDS) as answer:  # noqa: S310 - checked above
            return rsa_keys(answer.read(LARGEST_BYTES))
    except (URLError, OSError) as error:
        raise Permanent(f"--url: {error}") from error


def read_key_set(path: Path) -> list[object]:
    """The RSA keys of a JWKS file."""
    try:
        return rsa_keys(path.read_bytes())
    except OSError as error:
        raise Permanent(f"--file: {error}") from error


def rsa_keys(text: bytes) -> list[object]:
    """The keys that can sign with RS256; a set may hold others. Permanent when there is none."""
    try:
        keys = [key for key in json.loads(text)["keys"] if key.get("kty") == "RSA"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Permanent('keys: this is no key set, expected {"keys": [...]}') from None
    if not keys:
        raise Permanent("keys: none of them is an RSA key")
    return keys
