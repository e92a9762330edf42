"""The Authorization header -> a token to verify or an API key to look up, or a refusal.

Nothing is parsed before its size and its alphabet are known to be harmless.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from functions.authorizer.identity import RefusedCredential

# API Gateway takes 10 KB of headers; Aforo's tokens have 1 to 2 KB.
MAX_LENGTH = 8192
# RFC 6750, 2.1: b64token.
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9._~+/-]+=*)")
# RFC 7515, 3.1: header, payload, signature.
_TOKEN_PARTS = 3


@dataclass(frozen=True, slots=True)
class Token:
    """A JWT by its looks. `text` is a secret."""

    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An opaque key, of which only the digest is kept."""

    sha256: str


def read_credential(header: str | None) -> Token | ApiKey | RefusedCredential:
    """What `Authorization: Bearer ...` carries; `header` is None when absent or ambiguous."""
    if header is None:
        return RefusedCredential("no_credential")
    if len(header) > MAX_LENGTH:
        return RefusedCredential("too_long")
    match = _BEARER.fullmatch(header.strip(" "))
    if match is None:
        return RefusedCredential("not_bearer")
    text = match[1]
    digest = sha256(text.encode()).hexdigest()
    return Token(text, digest) if _looks_like_token(text) else ApiKey(digest)


def _looks_like_token(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == _TOKEN_PARTS and all(parts)
