"""What callers of a guarded API are answered where the authorizer refuses them: the gateway
responses of the template's DemoApiGateway, which a test holds these to.
"""

from collections.abc import Mapping
from typing import Any, Final

_HEADER = "gatewayresponse.header."
_JSON = {f"{_HEADER}Content-Type": "'application/json'"}
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
