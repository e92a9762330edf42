"""The credential of a function that starts from a snapshot: keys in its environment would have been
taken before they were needed, so Lambda has a server of its own beside the function, which tells
the keys of now (SnapStart; AWS Lambda guide, "Lambda SnapStart": credentials).

Standard library only, for what starts too often to import an SDK.
"""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from functions.usage.errors import Retryable, SettingsError

URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - the variable's name
# It is on this machine, and answers from its memory.
SOCKET_SECONDS = 0.5
_ANSWER_BYTES = 65_536
_OK = 200


def container_keys(environment: Mapping[str, str]) -> tuple[str, str, str]:
    """Key id, secret key and session token. SettingsError: there is no such server; Retryable: it
    does not answer as it should.
    """
    if not environment.get(URI):
        raise SettingsError(f"AWS_ACCESS_KEY_ID, {URI}: neither is set, nothing can be signed")
    status, body = _answer(environment[URI], environment.get(TOKEN, ""))
    try:
        document = json.loads(body)
        keys = (document["AccessKeyId"], document["SecretAccessKey"], document["Token"])
    except (ValueError, KeyError, TypeError):
        # `from None`: the parser's error would quote the keys.
        raise Retryable(f"Lambda's own server has no credential: {status}") from None
    if status != _OK or not all(isinstance(key, str) for key in keys):
        raise Retryable(f"Lambda's own server has no credential: {status}")
    return keys


def _answer(uri: str, token: str) -> tuple[int, bytes]:
    parts = urlsplit(uri)
    connection = HTTPConnection(parts.netloc, timeout=SOCKET_SECONDS)
    try:
        where = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("GET", where, headers={"Authorization": token} if token else {})
        response = connection.getresponse()
        return response.status, response.read(_ANSWER_BYTES)
    except (OSError, HTTPException) as error:
        message = f"Lambda's own server of credentials: {type(error).__name__}"
        raise Retryable(message) from error
    finally:
        connection.close()
