"""Gateway responses: a failure and the API's customisations come in, an answer leaves. Pure.

Types, statuses and the fall-back to DEFAULT_4XX and DEFAULT_5XX: developer guide,
supported-gateway-response-types. Bodies are filled by plain substitution, not VTL, and values are
not escaped; only `$context.error.messageString` is quoted (`null` when there is no message).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.local.gateway.deployment import GatewayResponse
from tests.local.gateway.exchange import Answer, Failure, Request
from tests.local.gateway.substitution import fill

JSON_TYPE = "application/json"
DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'


@dataclass(frozen=True)
class Default:
    """What AWS answers when nothing is customised; `error_type` stands in x-amzn-ErrorType."""

    status: int
    message: str | None
    error_type: str


DEFAULTS: Final[Mapping[str, Default]] = {
    "ACCESS_DENIED": Default(
        403, "User is not authorized to access this resource", "AccessDeniedException"
    ),
    "API_CONFIGURATION_ERROR": Default(
        500, "Internal server error", "InternalServerErrorException"
    ),
    "AUTHORIZER_CONFIGURATION_ERROR": Default(500, None, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": Default(500, None, "AuthorizerConfigurationException"),
    "DEFAULT_5XX": Default(500, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_FAILURE": Default(
        504, "Network error communicating with endpoint", "InternalServerErrorException"
    ),
    "INTEGRATION_TIMEOUT": Default(
        504, "Endpoint request timed out", "InternalServerErrorException"
    ),
    "INVALID_API_KEY": Default(403, "Forbidden", "ForbiddenException"),
    "MISSING_AUTHENTICATION_TOKEN": Default(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "QUOTA_EXCEEDED": Default(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": Default(413, "Request Too Long", "RequestTooLongException"),
    "THROTTLED": Default(429, "Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": Default(401, "Unauthorized", "UnauthorizedException"),
    "WAF_FILTERED": Default(403, "Forbidden", "ForbiddenException"),
}


def message_of(failure: Failure) -> str | None:
    """What `$context.error.message` holds."""
    return failure.message if failure.message is not None else DEFAULTS[failure.kind].message


def status_of(failure: Failure, responses: Mapping[str, GatewayResponse]) -> int:
    """The status that the client gets."""
    own = failure.status or DEFAULTS[failure.kind].status
    return _custom(failure.kind, own, responses).status or own


def gateway_answer(
    failure: Failure,
    responses: Mapping[str, GatewayResponse],
    request: Request,
    variables: Mapping[str, str],
) -> Answer:
    """The answer to a failed request."""
    status = status_of(failure, responses)
    own = failure.status or DEFAULTS[failure.kind].status
    custom = _custom(failure.kind, own, responses)
    content_type, template = _template(custom, request)
    declared = _headers(custom, request, variables)
    usual = {"Content-Type": content_type, "x-amzn-ErrorType": DEFAULTS[failure.kind].error_type}
    names = {name.lower() for name in declared}
    headers = {name: value for name, value in usual.items() if name.lower() not in names} | declared
    body = fill(template, _value_of(variables))
    return Answer(status=status, headers=tuple(headers.items()), body=body.encode())


def _custom(kind: str, status: int, responses: Mapping[str, GatewayResponse]) -> GatewayResponse:
    fallback = "DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX"
    return responses.get(kind) or responses.get(fallback) or GatewayResponse()


def _template(custom: GatewayResponse, request: Request) -> tuple[str, str]:
    accepted = (request.header("Accept") or "").split(";")[0].strip()
    for content_type in (accepted, JSON_TYPE, *custom.templates):
        if content_type in custom.templates:
            return content_type, custom.templates[content_type]
    return JSON_TYPE, DEFAULT_TEMPLATE


def _value_of(variables: Mapping[str, str]) -> Callable[[str], str]:
    def value_of(name: str) -> str:
        if name == "error.messageString":
            return json.dumps(variables.get("error.message"), ensure_ascii=False)
        return variables.get(name, "")

    return value_of


def _headers(
    custom: GatewayResponse, request: Request, variables: Mapping[str, str]
) -> dict[str, str]:
    found = {
        name: _mapped(expression, request, variables) for name, expression in custom.headers.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _mapped(expression: str, request: Request, variables: Mapping[str, str]) -> str | None:
    if expression.startswith("'"):
        return expression.strip("'")
    if expression.startswith("context."):
        return variables.get(expression.removeprefix("context."))
    if expression.startswith("method.request.header."):
        return request.header(expression.removeprefix("method.request.header."))
    if expression.startswith("method.request.querystring."):
        return request.parameter(expression.removeprefix("method.request.querystring."))
    return None
