"""A line that may hold text of a client: a quote in a User-Agent could have written any key of it
(gateway-logs.md 2.3). Its facts come in; why it is not believed leaves, or what is believed of it.
"""

from collections.abc import Mapping

from functions.metering.access.format_v1 import PAYERS
from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.metering.request import Request
from functions.usage.outcome import Quarantined

UNDECLARED_CUSTOMER = Quarantined(
    "undeclared_customer",
    "the line holds text that a client may write: declare in accessLogs which key names who pays",
)
_FIRST_CLIENT_ERROR = 400


def forged(
    twice: str | None, found: Mapping[str, str], declaration: AccessLogDeclaration
) -> Quarantined | None:
    """Why nobody knows what API Gateway wrote. `twice` is a fact that stands in two places."""
    if twice is not None:
        why = "stands in two places, and a client may have written one"
        return Quarantined("tamper", f"{twice} {why}: declare in accessLogs the key that holds it")
    declared = {"apiId": declaration.api_id, "stage": declaration.stage}
    for field, value in declared.items():
        if value is not None and found.get(field, value) != value:
            return Quarantined("tamper", f"{field} is not what accessLogs declares")
    return None


def believed(
    request: Request, declaration: AccessLogDeclaration, account_id: str | None
) -> Request:
    """Of such a line: who pays is declared, the account is the log group's owner, and nobody writes
    himself a refusal of what was served.
    """
    owner = declaration.account_id or account_id
    if owner is not None and "accountId" not in declaration.fields_:
        request = request._replace(account_id=owner)
    if (request.status or 0) < _FIRST_CLIENT_ERROR and "errorType" not in declaration.fields_:
        request = request._replace(error_type=None)
    payer = PAYERS[0] if request.customer_id else PAYERS[1]
    names_nobody = request.customer_id is None and request.api_key_id is None
    if names_nobody or payer in declaration.fields_:
        return request
    return request._replace(unverified=UNDECLARED_CUSTOMER)
