"""The headers of a request -> a token to verify or an API key to look up, or a refusal.

Nothing is parsed before its size and its alphabet are known to be harmless. A header whose value is
in doubt (sent twice, in two spellings) holds no credential.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from functions.authorizer.headers import API_KEY, AUTHORIZATION, Headers
from functions.authorizer.identity import RefusedCredential

# API Gateway takes 10 KB of headers; Aforo's tokens have 1 to 2 KB.
MAX_LENGTH = 8192
# RFC 6750, 2.1: b64token.
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9._~+/-]+=*)")
# RFC 9110, 5.5: what a header's value has visibly. A blank is in no key; it is in `Bearer ...`.
_VISIBLE = re.compile(r"[!-~]+")
# RFC 7515, 3.1: header, payload, signature.
_TOKEN_PARTS = 3


class CredentialHeader(StrEnum):
    """Where a request has its credential. One in another header is nothing."""

    AUTHORIZATION = "authorization"
    API_KEY = "x-api-key"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Token:
    """A JWT by its looks. `text` is a secret."""

    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An opaque key, of which only the digest is kept."""

    sha256: str


type Credential = Token | ApiKey


def credential_in(headers: Headers, place: CredentialHeader) -> Credential | RefusedCredential:
    """The one credential of a request. With `EITHER` both headers may carry the same one; where
    they differ nobody can say who calls.
    """
    match place:
        case CredentialHeader.AUTHORIZATION:
            return read_credential(headers.only(AUTHORIZATION))
        case CredentialHeader.API_KEY:
            return read_api_key(headers.only(API_KEY))
        case CredentialHeader.EITHER:
            return _in_either(headers)


def _in_either(headers: Headers) -> Credential | RefusedCredential:
    if not headers.values(API_KEY):
        return read_credential(headers.only(AUTHORIZATION))
    key = read_api_key(headers.only(API_KEY))
    if not headers.values(AUTHORIZATION):
        return key
    bearer = read_credential(headers.only(AUTHORIZATION))
    if isinstance(key, RefusedCredential) or isinstance(bearer, RefusedCredential):
        return RefusedCredential("two_credentials")
    return bearer if bearer.sha256 == key.sha256 else RefusedCredential("two_credentials")


def read_credential(header: str | None) -> Credential | RefusedCredential:
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


def read_api_key(header: str | None) -> ApiKey | RefusedCredential:
    """What `x-api-key` carries: an API key as it is, whatever it looks like; `header` as above."""
    if header is None:
        return RefusedCredential("no_credential")
    if len(header) > MAX_LENGTH:
        return RefusedCredential("too_long")
    text = header.strip(" ")
    if _VISIBLE.fullmatch(text) is None:
        return RefusedCredential("not_a_key")
    return ApiKey(sha256(text.encode()).hexdigest())


def _looks_like_token(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == _TOKEN_PARTS and all(parts)
