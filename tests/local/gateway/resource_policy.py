"""An API's resource policy: who may call from where, before any authorizer is asked. Pure.

Only an explicit Deny is looked for (API Gateway developer guide, "How API Gateway resource policies
affect authorization workflow": it ends the request, and the Lambda authorizer is not asked). What
the policy allows, or does not mention, goes on to the authorizer.
"""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from tests.local.gateway.exchange import Exchange, Failure
from tests.local.gateway.policy import InvalidPolicyError, Verdict, evaluate

SOURCE_IP = "aws:SourceIp"
# A resource policy may leave out partition, Region, account and API: it can only mean its own.
SHORT = "execute-api:/"


def refused_by_policy(exchange: Exchange) -> Failure | None:
    """The denial, or None. Raises InvalidPolicyError for a condition that is not known here."""
    statements = (exchange.api.policy or {}).get("Statement", [])
    denying = [part for part in statements if part.get("Effect") == "Deny"]
    if not any(_matches(part, exchange) for part in denying):
        return None
    message = (
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        f"{exchange.method_arn} with an explicit deny"
    )
    return Failure(kind="ACCESS_DENIED", message=message, log_lines=(message,))


def _matches(statement: Mapping[str, Any], exchange: Exchange) -> bool:
    plain = {name: value for name, value in statement.items() if name != "Condition"}
    listed = plain["Resource"] if isinstance(plain["Resource"], list) else [plain["Resource"]]
    plain["Resource"] = [_full(resource, exchange) for resource in listed]
    verdict = evaluate({"Statement": [plain]}, exchange.method_arn)
    conditions: Mapping[str, Any] = statement.get("Condition", {})
    return verdict is Verdict.DENIED and all(
        _holds(operator, keys, exchange) for operator, keys in conditions.items()
    )


def _full(resource: str, exchange: Exchange) -> str:
    if not resource.startswith(SHORT):
        return resource
    place = exchange.method_arn.partition("/")[0]
    return f"{place}/{resource.removeprefix(SHORT)}"


def _holds(operator: str, keys: Mapping[str, Any], exchange: Exchange) -> bool:
    if operator not in {"IpAddress", "NotIpAddress"} or set(keys) != {SOURCE_IP}:
        raise InvalidPolicyError(f"condition {operator} on {', '.join(keys)} is not known here")
    listed = keys[SOURCE_IP] if isinstance(keys[SOURCE_IP], list) else [keys[SOURCE_IP]]
    source = ip_address(exchange.request.source_ip)
    is_listed = any(source in ip_network(network) for network in listed)
    return is_listed is (operator == "IpAddress")
