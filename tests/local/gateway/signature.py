"""Methods of authorization AWS_IAM: an unsigned request is refused, a signed one goes on. Pure.

Whether the signature is right, and whom it names, is not looked at here.
"""

from tests.local.gateway.exchange import Exchange, Failure
from tests.local.gateway.routes import Route

SIGNED = "AWS4-HMAC-SHA256"


def refused_unsigned(exchange: Exchange, route: Route) -> Failure | None:
    """The refusal, or None."""
    if not route.method.wants_signature or is_signed(exchange):
        return None
    return Failure(kind="MISSING_AUTHENTICATION_TOKEN")


def is_signed(exchange: Exchange) -> bool:
    """By its header, or by its query as a presigned URL."""
    header = exchange.request.header("Authorization") or ""
    return header.startswith(SIGNED) or exchange.request.parameter("X-Amz-Algorithm") == SIGNED
