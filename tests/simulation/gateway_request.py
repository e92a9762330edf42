"""One request to the company's APIs, and the lines that API Gateway logs of it: one of its stage's
access log, or many of the other stage's execution log.
"""

import json
from dataclasses import dataclass

ACCOUNT, REGION, API, STAGE = "123456789012", "eu-west-1", "a1b2c3d4e5", "prod"
EXECUTION_API, EXECUTION_STAGE = "e5d4c3b2a1", "live"
HEALTH = "/health/{proxy+}"
# What API Gateway logs for every x-amzn-RequestId of a client's that is no UUID.
OVERRIDDEN = "UUID_REPLACED_INVALID_REQUEST_ID"
OVERRIDDEN_EACH = 9


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """`key_id` or `customer` says who pays; both empty: nobody is verified. `number` is its own."""

    number: int
    at_ms: int  # when it began
    customer: str = ""
    key_id: str = ""
    status: int = 200
    path: str = "/pets/{id}"
    is_from_backend: bool = True
    is_broken: bool = False  # its line is cut off
    is_execution: bool = False  # of the other stage, which has an execution log

    @property
    def place(self) -> tuple[str, str]:
        """Its API and stage."""
        return (EXECUTION_API, EXECUTION_STAGE) if self.is_execution else (API, STAGE)

    @property
    def extended_id(self) -> str:
        """API Gateway's own, which no client can choose."""
        return extended_id(self.number)

    @property
    def request_id(self) -> str:
        """A client may choose it; of an execution log's, whose lines it tells apart, none did."""
        is_chosen = not self.number % OVERRIDDEN_EACH and not self.is_execution
        return OVERRIDDEN if is_chosen else f"abe23b51-3a85-4167-851d-{self.number:012}"

    @property
    def response_bytes(self) -> int:
        return 100 + self.number % 900

    def line(self) -> str:
        """Of our format v1."""
        fields = {
            "v": "1",
            "extendedRequestId": self.extended_id,
            "requestId": self.request_id,
            "accountId": ACCOUNT,
            "apiId": API,
            "stage": STAGE,
            "requestTimeEpoch": str(self.at_ms),
            "httpMethod": "GET",
            "resourcePath": self.path,
            "status": str(self.status),
            "responseLength": str(self.response_bytes),
            "responseLatency": "41",
            "integrationStatus": str(self.status) if self.is_from_backend else "-",
            "integrationLatency": "35" if self.is_from_backend else "-",
            "errorType": "-",
            "xrayTraceId": "-",
            "apiKeyId": self.key_id or "-",
            "principalId": self.customer or "-",
            "customerId": self.customer or "-",
            "tenantId": "tenant_demo",
            "keyId": "-",
            "traceparent": "-",
        }
        text = json.dumps(fields, separators=(",", ":"))
        return text[: len(text) // 2] if self.is_broken else text


def extended_id(number: int) -> str:
    return f"R{number:010}="
