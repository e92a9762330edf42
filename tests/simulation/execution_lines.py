"""The lines of one request in an execution log, in AWS' wording."""

from collections.abc import Iterator

from tests.fakes.execution_log_lines import REQUEST_ID, authorizer_texts, prefixed, request_texts
from tests.simulation.gateway_request import GatewayRequest

LINES_A_MS = 4
_ROUTE = "'GET /pets/{id}'"  # of the lines that are changed here


def execution_lines(request: GatewayRequest) -> Iterator[tuple[int, str]]:
    """Each with its time, epoch milliseconds; the first is the request's own."""
    texts = _of_backend(request) if request.is_from_backend else _of_refusal(request)
    mine = (text.replace(REQUEST_ID, request.request_id) for text in texts)
    for number, line in enumerate(prefixed(mine, request.request_id)):
        yield request.at_ms + number // LINES_A_MS, line


def _of_backend(request: GatewayRequest) -> list[str]:
    texts = request_texts(
        extended_id=request.extended_id,
        authorizer=authorizer_texts(request.customer) if request.customer else [],
        key_id=request.key_id or None,
        path=request.path,
        status=request.status,
    )
    return [text.replace(_ROUTE, f"'GET {request.path}'") for text in texts]


def _of_refusal(request: GatewayRequest) -> list[str]:
    """The authorizer said no."""
    return [
        f"Extended Request Id: {request.extended_id}",
        *authorizer_texts(request.customer),
        f"Unauthorized request: {REQUEST_ID}",
    ]
