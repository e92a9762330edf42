"""What a log says about one request, whichever log it was: facts, none of them invented.

A log source reads it, `billing` decides what becomes of it.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from functions.usage.outcome import Quarantined

NO_CONTEXT: Mapping[str, object] = MappingProxyType({})


class Shown(Enum):
    """How much of a request the lines show that it was read from."""

    WHOLE = "whole"
    BEGINNING = "beginning"  # and not its end
    REST = "rest"  # and not its beginning


class Request(NamedTuple):
    """The facts of one request; None where the log does not say.

    A named tuple, since one is made per line: frozen, and a fifth of a frozen dataclass's cost.
    """

    account_id: str | None
    region: str
    api_id: str | None
    stage: str | None
    extended_request_id: str | None
    request_id: str | None  # chosen by the caller: never an identity
    time_ms: int | None  # the request's start, epoch milliseconds
    method: str | None
    path: str | None  # as logged, the client wrote it; not in our own format
    route: str | None  # the resource's template
    status: int | None
    response_bytes: int | None
    latency_ms: int | None
    integration_latency_ms: int | None
    integration_status: int | None
    error_type: str | None  # $context.error.responseType
    api_key_id: str | None
    principal_id: str | None
    customer_id: str | None  # from the authorizer, which verified it
    tenant_id: str | None
    key_id: str | None
    traceparent: str | None
    dropped_figures: int = 0  # negative or absurd numbers: not believed, counted
    fault: Quarantined | None = None  # why this line must not be billed, whatever it says
    unverified: Quarantined | None = None  # why whom it names must not be the one who pays
    doubt: Quarantined | None = None  # why it is neither billed nor excluded, if it would be
    free_doubt: Quarantined | None = None  # why it is not excluded, if it would be
    size_doubt: Quarantined | None = None  # why nobody is billed by response_bytes
    # Every value of the line by its key, dotted where nested, as it stands: only for the meters
    # that name a key. It never says who pays.
    context: Mapping[str, object] = NO_CONTEXT
    time_source: str | None = None  # where the line does not say the time: what did
