"""A format and what is declared of it come in; why a request that is logged in it would not be
billed leaves: tried with metering's own code, on a line such as API Gateway would write.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.operator.explain.explained_line import detail_of, outcome_of
from functions.operator.explain.explanation import ExplainTerms, explained

_VARIABLE = re.compile(r'(?P<quote>"?)\$context\.(?P<name>[A-Za-z0-9_.]+)')
_KEY_ID = "aforotrial"
_GROUP = "trial"
_CUSTOMER = "cus_aforo_trial"
_ABSENT = "-"


def refusal_of(text: str, access_log: Mapping[str, Any] | None, now_ms: int) -> str:
    """Empty where both are billed: who is known by an API key, and whom our authorizer knows."""
    for payer in ({"identity.apiKeyId": _KEY_ID}, {"authorizer.customerId": _CUSTOMER}):
        if why := _refusal(
            _line(text, {**_declared(access_log), **payer}, now_ms), access_log, now_ms
        ):
            return f"{why} (tried with {next(iter(payer))})"
    return ""


def _declared(access_log: Mapping[str, Any] | None) -> Mapping[str, str]:
    """What a declaration says of every line of the group."""
    said = access_log or {}
    return {name: said[name] for name in ("accountId", "apiId", "stage") if name in said}


def _refusal(line: str, access_log: Mapping[str, Any] | None, now_ms: int) -> str:
    version = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "customers": {_KEY_ID: _CUSTOMER},
        "accessLogs": {_GROUP: access_log} if access_log else {},
    }
    configuration = Configuration.model_validate_json(json.dumps({"versions": [version]}))
    event = {"id": "1", "timestamp": now_ms, "message": line}
    delivery = LogDelivery("111122223333", _GROUP, "trial", [event])
    terms = ExplainTerms(configuration, "111122223333", "us-east-1", now_ms)
    (found,) = explained(delivery, "access", terms)
    outcome, reason = outcome_of(found)
    return "" if outcome == "event" else f"{outcome}, {reason}: {detail_of(found)}"


def _line(text: str, payer: Mapping[str, str], now_ms: int) -> str:
    values = {
        "extendedRequestId": "Dw2y3GmAoAMEbkA=",
        "requestId": "b8c1f7a2-5b1e-4b0a-9d8e-2f4c6a8b0d13",
        "accountId": "111122223333",
        "apiId": "a1b2c3d4e5",
        "stage": "prod",
        "requestTimeEpoch": str(now_ms),
        "requestTime": _clf_time(now_ms),
        "httpMethod": "GET",
        "resourcePath": "/orders",
        "status": "200",
        "integration.status": "200",
        "integrationStatus": "200",
        **payer,
    }

    def value(found: re.Match[str]) -> str:
        said = values.get(found["name"], _ABSENT if found["quote"] else "0")
        is_number = said.isdigit()
        return found["quote"] + (said if found["quote"] or is_number else json.dumps(said))

    return _VARIABLE.sub(value, text)


def _clf_time(now_ms: int) -> str:
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%d/%b/%Y:%H:%M:%S +0000}"
