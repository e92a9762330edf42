"""Why a request is not billed, whoever made it: rules in their order, the first that speaks counts.

Each rule is pure: a request and the version in force come in, a reason leaves, or None. What no
rule speaks of may be billed.
"""

from collections.abc import Callable, Mapping

from functions.metering.billing.gateway_refusal import (
    ACCESS_DENIED,
    DENIED,
    FORBIDDEN,
    NOT_SERVED,
    THROTTLED,
    UNAUTHORIZED,
)
from functions.metering.configuration.version import CompiledVersion
from functions.metering.request import Request
from functions.usage.outcome import Excluded, Quarantined

NO_STATUS = Quarantined(
    "no_status",
    'status must be there: add "status":"$context.status" to the format, or declare in accessLogs '
    "the key that holds it",
)

EXCLUDED_PATH = Excluded("excluded_path")
SERVER_ERROR = Excluded("server_error")
# Of the API that was called no meter counts anything.
NO_METER = Excluded("no_meter")
EXCLUDED_STATUSES: Mapping[int | None, Excluded] = {
    401: UNAUTHORIZED,
    403: FORBIDDEN,
    429: THROTTLED,
}
OTHER_EXCLUDED_STATUS = Excluded("excluded_status")
_FIRST_SERVER_ERROR = 500
_DOUBTFUL = ("..", "//", "/./", "%", ";", "\\")
_TOO_MANY_REQUESTS = 429

type Exclusion = Callable[[Request, CompiledVersion], Excluded | Quarantined | None]


def _excluded_path(request: Request, version: CompiledVersion) -> Excluded | None:
    path = request.route if request.path is None else _path_to_exclude(request, request.path)
    return EXCLUDED_PATH if path is not None and version.excludes_path(path) else None


def _path_to_exclude(request: Request, path: str) -> str | None:
    """The route, or the path where the route is not said or takes any path. A path that a backend
    may read as another one excludes nothing: its client would choose what is free.
    """
    route = request.route
    if route is not None and "+}" not in route:
        return route
    if any(doubt in path for doubt in _DOUBTFUL):
        return route
    return (
        path.removeprefix(f"/{request.stage}")
        if f"{path}/".startswith(f"/{request.stage}/")
        else path
    )


def _refused(request: Request, version: CompiledVersion) -> Excluded | None:
    """API Gateway's own answer, or its status. The backend's own 401, 403 or 429 was served."""
    if request.status in version.excluded_statuses and (
        request.integration_status is None
        or request.error_type is not None
        or version.exclude_backend_statuses
    ):
        # 429 is what our authorizer's Deny is mapped to.
        if request.status == _TOO_MANY_REQUESTS and request.error_type == ACCESS_DENIED:
            return DENIED
        return EXCLUDED_STATUSES.get(request.status, OTHER_EXCLUDED_STATUS)
    return NOT_SERVED.get(request.error_type)


def _without_status(request: Request, version: CompiledVersion) -> Quarantined | None:  # noqa: ARG001
    return NO_STATUS if request.status is None else None


def _without_meter(request: Request, version: CompiledVersion) -> Excluded | None:
    return None if version.meters_for(request.api_id) else NO_METER


def _server_error(request: Request, version: CompiledVersion) -> Excluded | None:
    failed = request.status is not None and request.status >= _FIRST_SERVER_ERROR
    return SERVER_ERROR if failed and not version.bill_server_errors else None


EXCLUSIONS: tuple[Exclusion, ...] = (
    _excluded_path,
    _refused,
    _without_status,
    _without_meter,
    _server_error,
)
