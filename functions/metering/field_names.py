"""What the facts of a request are called in other people's access logs.

One vocabulary: the names of our own format. The key names of a foreign log are the customer's
(gateway-logs.md 2.3), so they are compared without case, dots, dashes and underscores, and without
a leading `context`: `$context.identity.apiKeyId` and `identity_api_key_id` are one name.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal

type FieldName = Literal[
    "accountId",
    "apiId",
    "stage",
    "extendedRequestId",
    "requestId",
    "requestTimeEpoch",
    "requestTime",
    "httpMethod",
    "resourcePath",
    "routeKey",
    "path",
    "status",
    "responseLength",
    "responseLatency",
    "integrationStatus",
    "integrationLatency",
    "errorType",
    "apiKeyId",
    "principalId",
    "customerId",
    "tenantId",
    "keyId",
    "traceparent",
    "eventType",
    "connectionId",
]

# The likelier name first: it is the one believed where two are there.
COMMON_NAMES: Mapping[FieldName, tuple[str, ...]] = {
    "accountId": ("accountid", "awsaccountid"),
    "apiId": ("apiid", "restapiid", "httpapiid"),
    "stage": ("stage", "stagename", "apistage"),
    "extendedRequestId": ("extendedrequestid", "requestextendedid"),
    "requestId": ("requestid", "apirequestid", "gatewayrequestid"),
    "requestTimeEpoch": ("requesttimeepoch", "requesttimeepochms", "requestepoch", "timeepoch"),
    "requestTime": ("requesttime", "time", "timestamp"),
    "httpMethod": ("httpmethod", "method", "requestmethod"),
    "resourcePath": ("resourcepath", "resource", "route", "routepath"),
    "routeKey": ("routekey",),
    "path": ("path", "requestpath", "uri", "requesturi"),
    "status": (
        "status",
        "statuscode",
        "httpstatuscode",
        "httpstatus",
        "responsestatus",
        "responsestatuscode",
    ),
    "responseLength": ("responselength", "responsebytes", "responsesize", "bytes", "bytessent"),
    "responseLatency": ("responselatency", "responselatencyms", "latency", "latencyms"),
    "integrationStatus": ("integrationstatus", "integrationintegrationstatus"),
    "integrationLatency": ("integrationlatency", "integrationlatencyms"),
    "errorType": ("errortype", "errorresponsetype", "responsetype"),
    "apiKeyId": ("apikeyid", "identityapikeyid"),
    "principalId": ("principalid", "authorizerprincipalid", "principal"),
    "customerId": ("customerid", "authorizercustomerid"),
    "tenantId": ("tenantid", "authorizertenantid"),
    "keyId": ("authorizerkeyid", "keyid"),
    "traceparent": ("traceparent", "authorizertraceparent"),
    "eventType": ("eventtype",),
    "connectionId": ("connectionid",),
}
# Fields that a client, or a backend that repeats it, has a hand in.
CLIENTS_FIELDS = frozenset({"path", "traceparent"})
# What API Gateway itself writes, besides the facts above.
_GATEWAYS_OWN = frozenset(
    [
        "ip",
        "sourceip",
        "identitysourceip",
        "caller",
        "identitycaller",
        "user",
        "identityuser",
        "protocol",
        "resourceid",
        "wafresponsecode",
        "wafstatus",
        "waflatency",
        "wafresponse",
        "webaclarn",
        "domainname",
        "domainprefix",
        "messageid",
        "integrationrequestid",
        "awsendpointrequestid",
        "authorizerstatus",
        "authorizerlatency",
        "tlsversion",
        "ciphersuite",
    ]
)
# No client can add a key to a line by breaking out of one of these.
UNFORGEABLE = _GATEWAYS_OWN.union(
    *(names for field, names in COMMON_NAMES.items() if field not in CLIENTS_FIELDS)
)
# Longer keys are nobody's names.
NAME_CHARS = 128
# What stands between a list's path and the name of a key inside it.
IN_LIST = "[]."
_IGNORED = str.maketrans("", "", "._-$ ")


@lru_cache(maxsize=4096)  # the lines of a stage have the same few keys
def common_name(path: str) -> str:
    """A dotted path as it is compared."""
    name = path[:NAME_CHARS].translate(_IGNORED).lower()
    return name.removeprefix("context") or name


def leaves(line: Mapping[str, object]) -> list[tuple[str, object]]:
    """Every value that is not itself an object, with its dotted path; in the order of the text.
    Behind a list, what its objects hold: a client's text may have put it there.
    """
    found: list[tuple[str, object]] = []
    open_ones: list[tuple[str, Iterator[tuple[str, object]]]] = [("", iter(line.items()))]
    while open_ones:
        prefix, members = open_ones[-1]
        for name, value in members:
            path = prefix + name
            if len(path) > NAME_CHARS:
                # So that deep nesting cannot make paths that grow with the square of the line.
                path = path[: NAME_CHARS + 1]
            if isinstance(value, str):  # as most are
                found.append((path, value))
                continue
            if isinstance(value, dict):
                open_ones.append((f"{path}.", iter(value.items())))
                break
            found.append((path, value))
            if isinstance(value, list):
                open_ones.append((f"{path}{IN_LIST}", iter(_members_in(value))))
                break
        else:
            open_ones.pop()
    return found


def _members_in(values: list[object]) -> Iterator[tuple[str, object]]:
    """Of every object in a list, and in the lists within it."""
    waiting = values[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
        elif isinstance(value, list):
            waiting.extend(reversed(value))


def last_name(path: str) -> str:
    """The name of a key itself, without the objects that it stands in."""
    return path.rpartition(".")[2]
