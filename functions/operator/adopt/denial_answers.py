"""What callers of a guarded API are answered where the authorizer refuses them: the gateway
responses of the template's DemoApiGateway, which a test holds these to.
"""

from collections.abc import Mapping
from typing import Any, Final

_HEADER = "gatewayresponse.header."
_JSON = {f"{_HEADER}Content-Type": "'application/json'"}
_OF_WHOM = '"type":"$context.error.responseType","requestId":"$context.requestId"'
_UNAUTHORIZED = (
    '{"error":{"code":"UNAUTHORIZED","message":"Send a valid credential: Authorization: Bearer'
    f' <token or API key>."}},{_OF_WHOM}}}'
)
_DENIED = (
    '{"error":{"code":"$context.authorizer.code","message":"$context.authorizer.message",'
    f'"retryAfterSeconds":"$context.authorizer.retryAfterSeconds"}},{_OF_WHOM}}}'
)

DENIAL_ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "ACCESS_DENIED": {
        "statusCode": "429",
        "responseParameters": {**_JSON, f"{_HEADER}Retry-After": "'60'"},
        "responseTemplates": {"application/json": _DENIED},
    },
    "UNAUTHORIZED": {
        "statusCode": "401",
        "responseParameters": {**_JSON, f"{_HEADER}WWW-Authenticate": "'Bearer'"},
        "responseTemplates": {"application/json": _UNAUTHORIZED},
    },
}
