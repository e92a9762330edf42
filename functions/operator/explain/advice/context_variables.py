"""Which `$context` variable of a REST API a key of an access log holds, by the key's name.

The variables are those of AWS's developer guide (gateway-logs.md 2.2). A name that tells none is
not guessed.
"""

import re
from collections.abc import Iterator, Mapping

from functions.metering.field_names import COMMON_NAMES, FieldName, common_name

# Format v1, in its order: what metering reads, and the trace that a person looks up by.
FORMAT_V1: Mapping[str, str] = {
    "v": "1",
    "extendedRequestId": "$context.extendedRequestId",
    "requestId": "$context.requestId",
    "accountId": "$context.accountId",
    "apiId": "$context.apiId",
    "stage": "$context.stage",
    "requestTimeEpoch": "$context.requestTimeEpoch",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "responseLength": "$context.responseLength",
    "responseLatency": "$context.responseLatency",
    "integrationStatus": "$context.integration.status",
    "integrationLatency": "$context.integrationLatency",
    "errorType": "$context.error.responseType",
    "xrayTraceId": "$context.xrayTraceId",
    "apiKeyId": "$context.identity.apiKeyId",
    "principalId": "$context.authorizer.principalId",
    "customerId": "$context.authorizer.customerId",
    "tenantId": "$context.authorizer.tenantId",
    "keyId": "$context.authorizer.keyId",
    "traceparent": "$context.authorizer.traceparent",
}
# Facts of other formats.
_FACTS: Mapping[FieldName, str] = {
    "requestTime": "$context.requestTime",
    "path": "$context.path",
    "routeKey": "$context.routeKey",
}
_OTHERS = (
    "awsEndpointRequestId",
    "domainName",
    "domainPrefix",
    "protocol",
    "resourceId",
    "webaclArn",
    "wafResponseCode",
    "tlsVersion",
    "cipherSuite",
    "integrationErrorMessage",
    "customDomain.basePathMatched",
    "error.message",
    "error.responseType",
    "error.validationErrorString",
    "identity.accountId",
    "identity.apiKeyId",
    "identity.caller",
    "identity.cognitoAuthenticationProvider",
    "identity.cognitoAuthenticationType",
    "identity.cognitoIdentityId",
    "identity.cognitoIdentityPoolId",
    "identity.principalOrgId",
    "identity.sourceIp",
    "identity.clientCert.subjectDN",
    "identity.clientCert.issuerDN",
    "identity.clientCert.serialNumber",
    "identity.user",
    "identity.userAgent",
    "identity.userArn",
    "integration.error",
    "integration.integrationStatus",
    "integration.latency",
    "integration.requestId",
    "integration.status",
    "authorize.error",
    "authorize.latency",
    "authorize.status",
    "authenticate.error",
    "authenticate.latency",
    "authenticate.status",
    "authorizer.error",
    "authorizer.integrationLatency",
    "authorizer.integrationStatus",
    "authorizer.latency",
    "authorizer.requestId",
    "authorizer.status",
    "waf.error",
    "waf.latency",
    "waf.status",
)
# How formats call them otherwise. `messageString` has quotes of its own, so its text is logged.
_ALIASES = {
    "ip": "identity.sourceIp",
    "sourceip": "identity.sourceIp",
    "useragent": "identity.userAgent",
    "ua": "identity.userAgent",
    "caller": "identity.caller",
    "user": "identity.user",
    "userarn": "identity.userArn",
    "subjectdn": "identity.clientCert.subjectDN",
    "clientcertsubjectdn": "identity.clientCert.subjectDN",
    "cognitoidentityid": "identity.cognitoIdentityId",
    "errormessage": "error.message",
    "errormessagestring": "error.message",
    "messagestring": "error.message",
    "xraytraceid": "xrayTraceId",
}
_OURS = ("integrationStatus", "integrationLatency")
_SEPARATORS = re.compile(r"[._\-$ ]+")
# What the authorizer puts into its context has any name.
_AUTHORIZERS = re.compile(r"(?:\$?context\.)?(authorizer\.[A-Za-z0-9_.-]{1,100})")


def variable_of_fact(field: FieldName) -> str:
    """What holds a fact, if a format has one key for it."""
    return FORMAT_V1.get(field) or _FACTS.get(field, "")


def variable_of_key(path: str, *, is_epoch: bool) -> str:
    """The variable that a key's name tells, also within another object; empty where none."""
    said = _AUTHORIZERS.fullmatch(path)
    if said and common_name(path) not in _BY_NAME:
        return f"$context.{said[1]}"
    for name in endings_of(path):
        found = _BY_NAME.get(name, "")
        if found:
            is_millis = is_epoch and found == _FACTS["requestTime"]
            return FORMAT_V1["requestTimeEpoch"] if is_millis else found
    return ""


def endings_of(path: str) -> Iterator[str]:
    """`http.client_ip` is also `client_ip` and `ip`; the whole name first."""
    words = [word for word in _SEPARATORS.split(path) if word]
    for start in range(len(words)):
        yield common_name("".join(words[start:]))


def _by_name() -> Mapping[str, str]:
    facts = {
        name: variable_of_fact(field)
        for field, names in COMMON_NAMES.items()
        for name in names
        if variable_of_fact(field)
    }
    others = {common_name(variable): f"$context.{variable}" for variable in _OTHERS}
    aliases = {name: f"$context.{variable}" for name, variable in _ALIASES.items()}
    # A name of two variables is format v1's.
    ours = {common_name(name): FORMAT_V1[name] for name in _OURS}
    return facts | aliases | others | ours


_BY_NAME = _by_name()
