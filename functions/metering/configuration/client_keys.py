"""Keys of a log line that hold what a client chose, or a secret: none of them may decide money.

A declaration's key path comes in; why it may not hold a fact leaves, or None. Keys are compared as
`field_names` compares them, and a key keeps its meaning inside another object.
"""

import re
from collections.abc import Iterator

from functions.metering.field_names import COMMON_NAMES, FieldName, common_name

# Facts that decide which request it is and who pays for it.
_IDENTITY: FieldName = "extendedRequestId"
PAYING: tuple[FieldName, ...] = ("customerId", "apiKeyId", "tenantId", "principalId")
# The declared names that stand for themselves: `api_key_id` is no `apiKey`.
_KEY_VALUE = ("apikey", "apikeyvalue", "authorization", "authorizationtoken", "authorizationheader")
# Nobody's name ends so by chance, with or without a separator before it.
_ENDINGS = (
    "requestid",
    "useragent",
    "sourceip",
    "sourceipaddress",
    "ipaddress",
    "clientip",
    "remoteip",
    "remoteaddr",
    "remoteaddress",
    "forwardedfor",
    "traceid",
    "traceparent",
    *_KEY_VALUE,
)
# Short words: they count as a whole name, or behind a separator.
_WORDS = frozenset(
    [
        "ip",
        "realip",
        "agent",
        "ua",
        "referer",
        "referrer",
        "origin",
        "cookie",
        "host",
        "hostname",
        "domainname",
        "domainprefix",
        "querystring",
        *COMMON_NAMES["requestId"],
        *COMMON_NAMES["path"],
    ]
)
_SEPARATORS = re.compile(r"[._\-$ ]+")


def not_to_declare(field: FieldName, path: str) -> str | None:
    """Why `path` must not be declared as the key of `field`, with what to declare instead."""
    if field != _IDENTITY and field not in PAYING:
        return None
    name = common_name(path)
    if name.endswith(COMMON_NAMES[field]) or not _is_clients(name, path):
        return None
    if field == _IDENTITY:
        return (
            f"{path!a} holds what a client can choose, and one value on every call would be one "
            'bill: add "extendedRequestId":"$context.extendedRequestId" to the format'
        )
    if name.endswith(_KEY_VALUE):
        return (
            f"{path!a} holds the API key itself, a secret: log its id instead, "
            '"apiKeyId":"$context.identity.apiKeyId"'
        )
    return (
        f"{path!a} holds what a client can choose, which says nothing of who pays: declare what "
        "was verified, such as $context.authorizer.customerId or $context.identity.apiKeyId"
    )


def _is_clients(name: str, path: str) -> bool:
    return name.endswith(_ENDINGS) or not _WORDS.isdisjoint(_endings_of(path))


def _endings_of(path: str) -> Iterator[str]:
    """`http.client_ip` is also `client_ip` and `ip`."""
    words = [word for word in _SEPARATORS.split(path) if word]
    for start in range(len(words)):
        yield common_name("".join(words[start:]))
