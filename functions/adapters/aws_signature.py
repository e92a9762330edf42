"""Signature Version 4 by hand: whose signature it is, the key that it is made with, signed headers.

Standard library only: where the authorizer must sign, botocore's import would triple its cold start
(performance.md 2). What botocore would sign is what this signs; a test compares them.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from functions.usage.errors import SettingsError

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsCredential:
    """Whose signature it is. `session_token` is empty for a long-lived key."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


@dataclass(frozen=True, slots=True)
class SigningScope:
    """What a signature is good for, from `now` on for some minutes."""

    region: str
    service: str
    now: datetime

    @property
    def day(self) -> str:
        return f"{self.now:%Y%m%d}"

    @property
    def stamp(self) -> str:
        return f"{self.now:%Y%m%dT%H%M%SZ}"

    @property
    def text(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


def credential_in(environment: Mapping[str, str]) -> AwsCredential:
    """The credential that the Lambda runtime puts into the environment, or says where to ask for.
    SettingsError: neither; Retryable: nobody answers there.
    """
    if "AWS_ACCESS_KEY_ID" not in environment:
        # Here and not above: only what starts from a snapshot asks, and others do not import it.
        from functions.adapters.container_credential import container_keys  # noqa: PLC0415

        return AwsCredential(*container_keys(environment))
    try:
        return AwsCredential(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN", ""),
        )
    except KeyError as missing:
        message = f"{missing.args[0]}: is not set, IAM authentication cannot sign"
        raise SettingsError(message) from None


def signature(canonical_request: str, credential: AwsCredential, scope: SigningScope) -> str:
    """Of a canonical request (IAM user guide, "Create a signed AWS API request")."""
    digest = sha256(canonical_request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{scope.stamp}\n{scope.text}\n{digest}"
    key = f"AWS4{credential.secret_access_key}".encode()
    for part in (scope.day, scope.region, scope.service, "aws4_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return hmac.new(key, text.encode(), sha256).hexdigest()


def signed_headers(
    headers: Mapping[str, str], body: bytes, credential: AwsCredential, scope: SigningScope
) -> dict[str, str]:
    """The headers of a POST to `/`, `Host` among them in any case, with its signature."""
    sent = {name.lower(): value for name, value in headers.items()} | {"x-amz-date": scope.stamp}
    if credential.session_token:
        sent["x-amz-security-token"] = credential.session_token
    names = ";".join(sorted(sent))
    listed = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
    request = f"POST\n/\n\n{listed}\n{names}\n{sha256(body).hexdigest()}"
    found = signature(request, credential, scope)
    sent["authorization"] = (
        f"{ALGORITHM} Credential={credential.access_key_id}/{scope.text}, "
        f"SignedHeaders={names}, Signature={found}"
    )
    return sent
