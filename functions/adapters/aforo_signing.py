"""Requests to an Aforo behind IAM: a request comes in, the same one with a signature leaves.

Guaranteed: what is signed is what is sent, its body byte for byte; each sending is signed anew, for
its own time. The key goes beside it in a header of its own, and is not among what is signed: AWS
quotes that in a refusal.
"""

from collections.abc import Callable, Iterator
from typing import Self, override

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pydantic import model_validator

from functions.adapters.aforo_http import KeyHeader
from functions.adapters.aws import signing_credentials
from functions.adapters.settings import Settings

# Host and the time are always among them.
_SIGNED = ("Content-Type", "X-Tenant-Id")


class SignedSettings(Settings):
    """What a function reads that may have to sign for Aforo's ingest host."""

    aforo_key_header: KeyHeader = KeyHeader.AUTHORIZATION
    aforo_sigv4_service: str = ""  # execute-api and its like; empty: nothing is signed
    aforo_sigv4_region: str = ""  # empty: this function's
    aws_region: str = ""

    @model_validator(mode="after")
    def _has_room_for_a_signature(self) -> Self:
        if not self.aforo_sigv4_service:
            return self
        if self.aforo_key_header is KeyHeader.AUTHORIZATION:
            fault = "AFORO_KEY_HEADER: must be X-API-Key where posts are signed: Authorization"
            raise ValueError(f"{fault} holds the signature")
        if not self.signing_region:
            raise ValueError("AFORO_SIGV4_REGION: is not set, and neither is AWS_REGION")
        return self

    @property
    def signing_region(self) -> str:
        return self.aforo_sigv4_region or self.aws_region

    def signing(self) -> "AforoSignature | None":
        """What signs, or None where nothing is to be signed."""
        if not self.aforo_sigv4_service:
            return None
        return AforoSignature(self.aforo_sigv4_service, self.signing_region, signing_credentials)


class AforoSignature(httpx.Auth):
    """SigV4 by botocore's signer; `credentials` are asked for each time, since they expire."""

    requires_request_body = True

    def __init__(self, service: str, region: str, credentials: Callable[[], Credentials]) -> None:
        self._service = service
        self._region = region
        self._credentials = credentials

    @override
    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        signed = AWSRequest(
            method=request.method,
            url=str(request.url),
            headers={name: request.headers[name] for name in _SIGNED if name in request.headers},
            data=request.content,
        )
        SigV4Auth(self._credentials(), self._service, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request
