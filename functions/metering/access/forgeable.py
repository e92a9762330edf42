"""A line that may hold text of a client: a quote in a User-Agent could have written any key of it
(gateway-logs.md 2.3). Its facts come in; why it is not believed leaves, or what is believed of it.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from functions.metering.access.client_text import PAYERS, TIMES
from functions.metering.access.field_plan import FieldPlan
from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.metering.request import Request
from functions.usage.outcome import Quarantined

UNDECLARED_CUSTOMER = Quarantined(
    "undeclared_customer",
    "the line holds text that a client may write: declare in accessLogs which key names who pays",
)
_TWICE = (
    "stands in two places, and a client may have written one: declare in accessLogs the key that "
    "holds it"
)
_BEHIND = (
    "stands behind a key that may hold a client's text, which may have written or hidden it: "
    "declare in accessLogs the one key that holds it, or put such texts at the end of the format"
)
_FIRST_CLIENT_ERROR = 400
# A stamp is the request's start, too (gateway-logs.md 2.1), by another clock.
_NEAR_MS = 15 * 60 * 1000


def forged(
    plan: FieldPlan, found: Mapping[str, str], declaration: AccessLogDeclaration
) -> Quarantined | None:
    """Why nobody knows what API Gateway wrote."""
    if plan.twice is not None:
        return Quarantined("tamper", f"{plan.twice} {_TWICE}")
    for field, value in _constants(declaration).items():
        if value is not None and found.get(field, value) != value:
            return Quarantined("tamper", f"{field} is not what accessLogs declares")
    return None


def believed(
    request: Request,
    plan: FieldPlan,
    declaration: AccessLogDeclaration,
    account_id: str | None,
    stamp_ms: int | None,
) -> Request:
    """Of such a line: who pays is declared, the account is the log group's owner, the time is the
    log event's, and nobody writes himself a refusal of what was served.
    """
    unsure, added = set(plan.unsure.facts), set(plan.unsure.added)
    owner = declaration.account_id or account_id
    changes: dict[str, Any] = {}
    if owner is not None and "accountId" not in declaration.fields_:
        changes["account_id"] = owner
    if (request.status or 0) < _FIRST_CLIENT_ERROR and "errorType" not in declaration.fields_:
        changes["error_type"] = None
        unsure.discard("errorType")
        added.discard("errorType")
    if TIMES & added and _is_another_time(request.time_ms, stamp_ms):
        unsure |= TIMES & added
    # What differs from these was refused before.
    unsure -= {name for name, value in _constants(declaration).items() if value is not None}
    size = {"responseLength"} & unsure
    if unsure or added:
        changes["doubt"] = _doubt(unsure - size)
        changes["free_doubt"] = _doubt(added - TIMES)
        changes["size_doubt"] = _doubt(size)
    if _is_of_nobody_declared(request, declaration):
        changes["unverified"] = UNDECLARED_CUSTOMER
    # At once: each time makes all thirty facts anew.
    return request._replace(**changes)


def _is_another_time(time_ms: int | None, stamp_ms: int | None) -> bool:
    """Without a stamp nobody knows better."""
    return None not in {time_ms, stamp_ms} and abs((time_ms or 0) - (stamp_ms or 0)) > _NEAR_MS


def _doubt(unsure: AbstractSet[str]) -> Quarantined | None:
    return Quarantined("tamper", f"{min(unsure)} {_BEHIND}") if unsure else None


def _constants(declaration: AccessLogDeclaration) -> Mapping[str, str | None]:
    return {"apiId": declaration.api_id, "stage": declaration.stage}


def _is_of_nobody_declared(request: Request, declaration: AccessLogDeclaration) -> bool:
    """Whether the line says who pays, under a key that nobody declared."""
    payer = PAYERS[0] if request.customer_id else PAYERS[1]
    names_nobody = request.customer_id is None and request.api_key_id is None
    return not names_nobody and payer not in declaration.fields_
