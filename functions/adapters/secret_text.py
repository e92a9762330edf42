"""A secret's ARN comes in, its text leaves: one signed POST to Secrets Manager.

Standard library only, for what starts too often to import an SDK.
"""

import json
import os
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from functions.adapters.aws_signature import SigningScope, credential_in, signed_headers
from functions.usage.errors import Retryable, SettingsError

# Each of connecting, signing TLS, sending and reading. Whoever waits for it all has a limit above.
SOCKET_SECONDS = 2.0
# What Secrets Manager holds at most, and the answer around it.
_ANSWER_BYTES = 131_072
_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}
# As the AWS SDKs have it: for a VPC endpoint without private names, and for the local cloud.
_ENDPOINTS = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL")


def read_secret_text(
    arn: str,
    environment: Mapping[str, str] = os.environ,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """SettingsError for an ARN that is none; Retryable for all that Secrets Manager may cure."""
    parts = arn.split(":")
    if len(parts) != 7 or parts[2] != "secretsmanager":  # noqa: PLR2004 - an ARN's parts
        fix = "deploy with RedisSecretArn=arn:aws:secretsmanager:..."
        raise SettingsError(f"REDIS_SECRET_ARN: is no ARN of a secret: {fix}")
    _, partition, _, region, *_ = parts
    suffix = _SUFFIXES.get(partition, "amazonaws.com")
    usual = f"https://secretsmanager.{region}.{suffix}"
    url = next((environment[name] for name in _ENDPOINTS if environment.get(name)), usual)
    host = urlsplit(url).netloc
    body = json.dumps({"SecretId": arn}).encode()
    headers = {
        "Host": host,
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "secretsmanager.GetSecretValue",
    }
    scope = SigningScope(region, "secretsmanager", clock())
    signed = signed_headers(headers, body, credential_in(environment), scope)
    status, answer = _post(url, body, signed, environment)
    return _text(arn, status, answer)


def _post(
    url: str, body: bytes, headers: Mapping[str, str], environment: Mapping[str, str]
) -> tuple[int, bytes]:
    connection = _connection(url, environment)
    try:
        connection.request("POST", "/", body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read(_ANSWER_BYTES)
    except (OSError, HTTPException) as error:
        look = "does the VPC lead to Secrets Manager, by a NAT or an endpoint?"
        message = f"secret of {url} cannot be read, no connection ({type(error).__name__}): {look}"
        raise Retryable(message) from error
    finally:
        connection.close()


def _connection(url: str, environment: Mapping[str, str]) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme != "https":
        return HTTPConnection(parts.netloc, timeout=SOCKET_SECONDS)
    trusted = ssl.create_default_context(cafile=environment.get("AWS_CA_BUNDLE") or None)
    return HTTPSConnection(parts.netloc, timeout=SOCKET_SECONDS, context=trusted)


def _text(arn: str, status: int, answer: bytes) -> str:
    try:
        document = json.loads(answer)
    except ValueError:
        document = {}
    text = document.get("SecretString") if isinstance(document, dict) else None
    if isinstance(text, str):
        return text
    kind = str(document.get("__type", "")) if isinstance(document, dict) else ""
    message = f"secret {arn} cannot be read: {status} {kind.rpartition('#')[2]}".rstrip()
    raise Retryable(f"{message}: is it there, and may the function's role read it?")
