"""What API Gateway itself answered: a gateway response type comes in, why nobody pays leaves.

`$context.error.responseType` is the type of the gateway response that the client got, whatever
status its owner gave it (gateway-logs.md 1.2). A type that API Gateway uses only before it asks the
backend means that the request was not served.
"""

from collections.abc import Mapping

from functions.usage.outcome import Excluded

UNAUTHORIZED = Excluded("unauthorized")
FORBIDDEN = Excluded("forbidden")
THROTTLED = Excluded("throttled")
# Our authorizer's Deny (over quota, suspended, margin guard) or another's.
DENIED = Excluded("denied")
# Nobody verified who called.
AUTHORIZER_FAILED = Excluded("authorizer_failed")
# A request validator or a limit of API Gateway said no.
INVALID_REQUEST = Excluded("invalid_request")
NO_ROUTE = Excluded("no_route")
# Every 4xx that API Gateway has no name for; a backend's 4xx is no gateway response.
REFUSED = Excluded("refused")

ACCESS_DENIED = "ACCESS_DENIED"

# Not here, because the backend may have been asked: INTEGRATION_FAILURE, INTEGRATION_TIMEOUT,
# DEFAULT_5XX and API_CONFIGURATION_ERROR (also: no mapping for the integration's answer). Their
# status decides.
NOT_SERVED: Mapping[str | None, Excluded] = {
    ACCESS_DENIED: DENIED,
    "AUTHORIZER_CONFIGURATION_ERROR": AUTHORIZER_FAILED,
    "AUTHORIZER_FAILURE": AUTHORIZER_FAILED,
    "BAD_REQUEST_BODY": INVALID_REQUEST,
    "BAD_REQUEST_PARAMETERS": INVALID_REQUEST,
    "DEFAULT_4XX": REFUSED,
    "EXPIRED_TOKEN": FORBIDDEN,
    "INVALID_API_KEY": FORBIDDEN,
    "INVALID_SIGNATURE": FORBIDDEN,
    "MISSING_AUTHENTICATION_TOKEN": FORBIDDEN,
    "QUOTA_EXCEEDED": THROTTLED,
    "REQUEST_TOO_LARGE": INVALID_REQUEST,
    "RESOURCE_NOT_FOUND": NO_ROUTE,
    "THROTTLED": THROTTLED,
    "UNAUTHORIZED": UNAUTHORIZED,
    "UNSUPPORTED_MEDIA_TYPE": INVALID_REQUEST,
    "WAF_FILTERED": FORBIDDEN,
}
