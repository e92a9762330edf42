"""API keys of API Gateway, by their ids: the SHA-256 of each, never written or printed otherwise.

The value of a usage plan's key is the one that leaves: the authorizer names it to API Gateway.
"""

from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from functions.operator.customers.customer_file import ApiKeyEntry, CustomerFile

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient

# API Gateway answers ten such questions a second; a page of all keys holds 500.
_ONE_BY_ONE = 10
_PER_PAGE = 500


class GatewayKeys(NamedTuple):
    """Those that were read."""

    values: Mapping[str, str] = {}

    def digest(self, key: ApiKeyEntry) -> str:
        """The SHA-256 of a key that a file names."""
        return key.sha256 or sha256_of(self.values[key.api_gateway_key_id or ""])

    def value(self, key_id: str) -> str:
        """Of a usage plan's key."""
        return self.values[key_id]


def sha256_of(value: str) -> str:
    """As the authorizer makes it of a credential."""
    return sha256(value.encode()).hexdigest()


def ids_named(file: CustomerFile) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """The ids of API Gateway that a file names, each with its place there."""
    for at, customer in enumerate(file.customers):
        if customer.usage_plan_key_id is not None:
            yield ("customers", at, "usagePlanKeyId"), customer.usage_plan_key_id
        for each, key in enumerate(customer.api_keys):
            if key.api_gateway_key_id is not None:
                place = ("customers", at, "apiKeys", each, "apiGatewayKeyId")
                yield place, key.api_gateway_key_id


def read_gateway_keys(client: "APIGatewayClient", ids: Collection[str]) -> GatewayKeys:
    """Those of `ids` that are there."""
    wanted = set(ids)
    if len(wanted) > _ONE_BY_ONE:
        return GatewayKeys({i: value for i, value in _all(client) if i in wanted})
    found: dict[str, str] = {}
    for key_id in wanted:
        try:
            key = client.get_api_key(apiKey=key_id, includeValue=True)
        except client.exceptions.NotFoundException:
            continue
        found[key_id] = key["value"]
    return GatewayKeys(found)


def _all(client: "APIGatewayClient") -> Iterator[tuple[str, str]]:
    pages = client.get_paginator("get_api_keys").paginate(
        includeValues=True, PaginationConfig={"PageSize": _PER_PAGE}
    )
    return ((key["id"], key["value"]) for page in pages for key in page["items"])
