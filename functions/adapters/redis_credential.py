"""The password of an ElastiCache connection under IAM authentication: a URL signed here, by hand.

No call leaves the machine: the VPC has no way out, and importing botocore to sign one URL would
triple the authorizer's cold start (performance.md 2). Standard library only, and no import of
redis: `ElastiCacheCredential` merely has the shape of its `CredentialProvider`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlencode

from functions.adapters.aws_signature import (
    ALGORITHM,
    AwsCredential,
    SigningScope,
    credential_in,
    signature,
)
from functions.usage.errors import SettingsError

# ElastiCache takes a token for 15 minutes; it is only looked at when a connection opens.
TOKEN_SECONDS = 900
_SERVICE = "elasticache"


@dataclass(frozen=True, slots=True)
class ElastiCacheUser:
    """Who connects to what. A serverless cache wants its kind in the signed text."""

    name: str
    cache_name: str
    region: str
    is_serverless: bool


class ElastiCacheCredential:
    """A redis-py credential provider: (user, token), signed anew for every connection."""

    def __init__(
        self,
        user: ElastiCacheUser,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._user = user
        self._environment = environment
        self._clock = clock

    def get_credentials(self) -> tuple[str, str]:
        """SettingsError when the environment holds no AWS credential."""
        credential = credential_in(self._environment)
        return self._user.name, connect_token(self._user, credential, self._clock())

    async def get_credentials_async(self) -> tuple[str, str]:
        return self.get_credentials()


def elasticache_credential(
    *, user: str, cache_name: str, url: str, region: str
) -> ElastiCacheCredential | None:
    """The provider for a deployment, or None where both names are empty: no IAM authentication.

    SettingsError when only one of them is set, or when the connection is not encrypted:
    ElastiCache takes no token without TLS.
    """
    if not user and not cache_name:
        return None
    if not user or not cache_name:
        raise SettingsError("REDIS_USER and REDIS_CACHE_NAME: set both, or neither")
    if not url.startswith("rediss://"):
        raise SettingsError("REDIS_URL: IAM authentication needs TLS, write rediss://")
    if not region:
        raise SettingsError("AWS_REGION: is empty, IAM authentication signs for a region")
    is_serverless = ".serverless." in url
    # ElastiCache keeps a cache's name in lower case, whatever a stack called it, and so do hosts.
    signed_name = cache_name.lower()
    return ElastiCacheCredential(ElastiCacheUser(user, signed_name, region, is_serverless))


def connect_token(user: ElastiCacheUser, credential: AwsCredential, now: datetime) -> str:
    """`<cache>/?Action=connect&User=<user>&...&X-Amz-Signature=...`: SigV4 as a presigned GET,
    without the scheme (ElastiCache user guide, "Authenticating with IAM"; SigV4 in the IAM user
    guide, "Create a signed AWS API request").
    """
    scope = SigningScope(user.region, _SERVICE, now)
    query = _query(user, credential, scope)
    request = f"GET\n/\n{query}\nhost:{user.cache_name}\n\nhost\n{sha256(b'').hexdigest()}"
    signed = signature(request, credential, scope)
    return f"{user.cache_name}/?{query}&X-Amz-Signature={signed}"


def _query(user: ElastiCacheUser, credential: AwsCredential, scope: SigningScope) -> str:
    parameters = {
        "Action": "connect",
        "User": user.name,
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credential.access_key_id}/{scope.text}",
        "X-Amz-Date": scope.stamp,
        "X-Amz-Expires": str(TOKEN_SECONDS),
        "X-Amz-SignedHeaders": "host",
    }
    if user.is_serverless:
        parameters["ResourceType"] = "ServerlessCache"
    if credential.session_token:
        parameters["X-Amz-Security-Token"] = credential.session_token
    return urlencode(sorted(parameters.items()), quote_via=quote, safe="-_.~")
