"""Why Aforo's Lambda plugin did not bill a request that ours bills: by what its pages say of it.

A reason is likely, not certain: the plugin writes no record of a request.
"""

from collections.abc import Mapping

from functions.metering.request import Request

NOT_IN_LOG = "not_in_log"
WE_DO_NOT_BILL = "we_do_not_bill"
BILLED_TWICE = "billed_twice"
REQUEST_ID_REUSED = "request_id_reused"
DIFFERS = "differs"
METER_NOT_THERE = "meter_not_there"
_NO_CUSTOMER = "no_customer_there"
_EXCLUDED_STATUS = "excluded_status_there"
_EXCLUDED_PATH = "excluded_path_there"
_OPTIONS = "options_there"
_NOT_BILLED = "not_billed_there"

# What each means to who reads it; docs/how-to/migrate-from-the-plugin.md says what to do.
MEANINGS: Mapping[str, str] = {
    NOT_IN_LOG: "billed there; the log has no request of that id",
    WE_DO_NOT_BILL: "billed there; ours does not, for the reason that it says",
    BILLED_TWICE: "billed there more than once under one id",
    REQUEST_ID_REUSED: "another request had the same requestId, which its client chose: one bill",
    DIFFERS: "billed by both, not alike",
    METER_NOT_THERE: "the request is billed there, but not for this meter",
    _NO_CUSTOMER: "not billed there: no customerId in the line, or one of more than 64 characters",
    _EXCLUDED_STATUS: "not billed there: 401, 403 and 429 are free, the backend's own too",
    _EXCLUDED_PATH: "not billed there: the path begins like one of its free paths",
    _OPTIONS: "not billed there: OPTIONS is free, with a customer too",
    _NOT_BILLED: "not billed there: its batch was refused or lost, or the file does not reach it",
}

# Where nothing else is found, the two sides may name different things.
STRANGERS = frozenset({NOT_IN_LOG, _NOT_BILLED})
# What the plugin leaves out, whatever it is told.
_FREE_STATUSES = frozenset({401, 403, 429})
_FREE_PATHS = ("/health", "/ready", "/metrics", "/favicon.ico")
_CUSTOMER_CHARS = 64


def likely_reason(request: Request | None) -> str:
    """Of a request that ours bills under an id that the other side has not."""
    if request is None:
        return _NOT_BILLED
    if request.method == "OPTIONS":
        return _OPTIONS
    if request.status in _FREE_STATUSES:
        return _EXCLUDED_STATUS
    if (request.route or request.path or "").startswith(_FREE_PATHS):
        return _EXCLUDED_PATH
    customer = request.customer_id
    if customer is None or len(customer) > _CUSTOMER_CHARS:
        return _NO_CUSTOMER
    return _NOT_BILLED
