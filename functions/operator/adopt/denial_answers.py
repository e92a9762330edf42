"""What callers of a guarded API are answered where the authorizer refuses them: the gateway
responses of the template's DemoApiGateway, which a test holds these to.
"""

from collections.abc import Mapping
from typing import Any, Final

_HEADER = "gatewayresponse.header."
_JSON = {f"{_HEADER}Content-Type": "'application/json'"}
# What tells a browser that a page may read an answer; in small letters.
ORIGINS = f"{_HEADER}access-control-"
# Stands for each refusal that has no answer of its own.
_FOR_ALL = "DEFAULT_4XX"
_OF_WHOM = '"type":"$context.error.responseType","requestId":"$context.requestId"'
# Where a credential may stand, as a caller is told it.
_SEND: Final[Mapping[str, str]] = {
    "authorization": "Send a valid credential: Authorization: Bearer <token or API key>.",
    "x-api-key": "Send a valid credential: X-API-Key: <API key>.",
    "either": (
        "Send one valid credential: Authorization: Bearer <token or API key>, or X-API-Key:"
        " <API key>."
    ),
}
_DENIED = (
    '{"error":{"code":"$context.authorizer.code","message":"$context.authorizer.message",'
    f'"retryAfterSeconds":"$context.authorizer.retryAfterSeconds"}},{_OF_WHOM}}}'
)


def denial_answers(credential_header: str) -> Mapping[str, Mapping[str, Any]]:
    """By type. `credential_header`: what the deployed authorizer reads."""
    send = _SEND.get(credential_header, _SEND["authorization"])
    unauthorized = f'{{"error":{{"code":"UNAUTHORIZED","message":"{send}"}},{_OF_WHOM}}}'
    return {
        "ACCESS_DENIED": {
            "statusCode": "429",
            "responseParameters": {**_JSON, f"{_HEADER}Retry-After": "'60'"},
            "responseTemplates": {"application/json": _DENIED},
        },
        "UNAUTHORIZED": {
            "statusCode": "401",
            "responseParameters": {**_JSON, f"{_HEADER}WWW-Authenticate": "'Bearer'"},
            "responseTemplates": {"application/json": unauthorized},
        },
    }


def answers_beside(
    declared: Mapping[str, Mapping[str, Any] | None], credential_header: str
) -> Mapping[str, Mapping[str, Any]]:
    """With the Access-Control headers that the API's own refusals have today: without them a
    browser shows a page neither status nor body.
    """
    return {
        kind: {**ours, "responseParameters": {**_cross_origin(declared, kind), **_headers(ours)}}
        for kind, ours in denial_answers(credential_header).items()
    }


def _cross_origin(declared: Mapping[str, Mapping[str, Any] | None], kind: str) -> Mapping[str, str]:
    found = {**_headers(declared.get(_FOR_ALL)), **_headers(declared.get(kind))}
    return {name: one for name, one in found.items() if name.casefold().startswith(ORIGINS)}


def _headers(answer: Mapping[str, Any] | None) -> Mapping[str, str]:
    return (answer or {}).get("responseParameters") or {}
