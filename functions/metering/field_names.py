"""What the facts of a request are called in other people's access logs.

One vocabulary: the names of our own format. The key names of a foreign log are the customer's
(gateway-logs.md 2.3), so they are compared without case, dots, dashes and underscores, and without
a leading `context`: `$context.identity.apiKeyId` and `identity_api_key_id` are one name.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
# No value of a line that can be used: it is not printable.
CONTRADICTION = "\x00"
_IGNORED = str.maketrans("", "", "._-$ ")


@lru_cache(maxsize=4096)  # the lines of a stage have the same few keys
def common_name(path: str) -> str:
    """A dotted path as it is compared."""
    name = path[:NAME_CHARS].translate(_IGNORED).lower()
    return name.removeprefix("context") or name


def leaves(line: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Every value that is not itself an object, with its dotted path; in the order of the text."""
    open_ones: list[tuple[str, Iterator[tuple[str, object]]]] = [("", iter(line.items()))]
    while open_ones:
        prefix, members = open_ones[-1]
        for name, value in members:
            # Cut, so that deep nesting cannot make paths that grow with the square of the line.
            path = f"{prefix}{name}"[: NAME_CHARS + 1]
            if isinstance(value, dict):
                open_ones.append((f"{path}.", iter(value.items())))
                break
            yield path, value
        else:
            open_ones.pop()


def last_name(path: str) -> str:
    """The name of a key itself, without the objects that it stands in."""
    return path.rpartition(".")[2]


def context_of(flat: Sequence[tuple[str, object]], first: int) -> dict[str, object]:
    """The leaves of a line by their paths. A path that stands twice says nothing: two ways of
    nesting one key would let a client add a second. Nor does one behind `first`, the first key that
    may hold a client's text, whose last name stands twice there: one may be hidden in an object.
    """
    found = dict(flat)
    if len(found) != len(flat):
        twice = Counter(path for path, _ in flat)
        found |= {path: CONTRADICTION for path, times in twice.items() if times > 1}
    behind = [path for path, _ in flat[first + 1 :]]
    names = Counter(map(last_name, behind))
    if len(names) != len(behind):
        found |= {path: CONTRADICTION for path in behind if names[last_name(path)] > 1}
    return found
