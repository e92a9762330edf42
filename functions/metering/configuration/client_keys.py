"""Keys of a log line that hold what a client chose, or a secret: none of them may decide money.

A declaration's key path comes in; why it may not hold a fact leaves, or None. Keys are compared as
`field_names` compares them, and a key keeps its meaning inside another object.
"""

import re
from collections.abc import Iterator

from functions.metering.field_names import COMMON_NAMES, UNFORGEABLE, FieldName, common_name

# Facts that decide which request it is and who pays for it.
_IDENTITY: FieldName = "extendedRequestId"
PAYING: tuple[FieldName, ...] = ("customerId", "apiKeyId", "tenantId", "principalId")
# The declared names that stand for themselves: `api_key_id` is no `apiKey`.
_SECRETS = (
    "apikey",
    "apikeyvalue",
    "authorization",
    "authorizationtoken",
    "authorizationheader",
    "bearer",
    "jwt",
    "token",
    "password",
    "secret",
)
# Nobody's name ends so by chance, with or without a separator before it.
_ENDINGS = (
    "requestid",
    "requestidentifier",
    "requestuuid",
    "requestguid",
    "correlationid",
    "useragent",
    "sourceip",
    "sourceipaddress",
    "ipaddress",
    "clientip",
    "remoteip",
    "remoteaddr",
    "remoteaddress",
    "clientaddr",
    "clientaddress",
    "ipaddr",
    "srcip",
    "forwardedfor",
    "traceid",
    "traceparent",
    "errormessage",
    "messagestring",
    "querystring",
    "querystringparameters",
    *_SECRETS,
)
# Short words: they count as a whole name, or behind a separator.
_WORDS = frozenset(
    [
        "ip",
        "ipv4",
        "ipv6",
        "realip",
        "xff",
        "forwarded",
        "browser",
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
        "url",
        "query",
        "params",
        "body",
        "requestbody",
        "message",
        "protocol",
        *COMMON_NAMES["requestId"],
        *COMMON_NAMES["path"],
        *COMMON_NAMES["httpMethod"],
        *COMMON_NAMES["resourcePath"],
        *COMMON_NAMES["routeKey"],
    ]
)
# Objects of which the client wrote every member, and often the names as well.
_CLIENTS_OBJECTS = frozenset(
    [
        "header",
        "headers",
        "query",
        "querystring",
        "querystringparameters",
        "params",
        "parameters",
        "cookie",
        "cookies",
        "body",
        "requestbody",
        "useragent",
        "requestoverride",
    ]
)
# Of a caller, an API or a moment, and so of many requests; or what a client sends as its request's.
_NO_IDENTITY = UNFORGEABLE.difference(COMMON_NAMES[_IDENTITY]) | {"reqid", "rid", "uuid", "guid"}
_CHOSEN = "holds what a client can choose"
_SEPARATORS = re.compile(r"[._\-$ ]+")


def not_to_declare(field: FieldName, path: str) -> str | None:
    """Why `path` must not be declared as the key of `field`, with what to declare instead."""
    if field != _IDENTITY and field not in PAYING:
        return None
    name = common_name(path)
    is_named_so = name.endswith(COMMON_NAMES[field])
    is_clients = _is_inside_clients(path) or (not is_named_so and _is_clients(name, path))
    if field == _IDENTITY:
        is_others = not is_named_so and not _NO_IDENTITY.isdisjoint(_endings_of(path))
        if not (is_clients or is_others):
            return None
        what = _CHOSEN if is_clients else "is not of one request alone"
        return (
            f"{path!a} {what}, and one value on every call would be one "
            'bill: add "extendedRequestId":"$context.extendedRequestId" to the format'
        )
    if not is_clients:
        return None
    if name.endswith(_SECRETS):
        return (
            f"{path!a} holds a secret, as the API key itself: log its id instead, "
            '"apiKeyId":"$context.identity.apiKeyId"'
        )
    return (
        f"{path!a} {_CHOSEN}, which says nothing of who pays: declare what "
        "was verified, such as $context.authorizer.customerId or $context.identity.apiKeyId"
    )


def _is_clients(name: str, path: str) -> bool:
    return name.endswith(_ENDINGS) or not _WORDS.isdisjoint(_endings_of(path))


def _is_inside_clients(path: str) -> bool:
    """`headers.x-customer-id` is the client's, whatever its own name says."""
    outer = path.split(".")[:-1]
    return any(common_name(name) in _CLIENTS_OBJECTS for name in outer)


def _endings_of(path: str) -> Iterator[str]:
    """`http.client_ip` is also `client_ip` and `ip`."""
    words = [word for word in _SEPARATORS.split(path) if word]
    for start in range(len(words)):
        yield common_name("".join(words[start:]))
