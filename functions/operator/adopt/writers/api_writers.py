"""What stands at an API and waits for a deployment: our authorizer, the methods that ask it, and
what a refusal is answered with.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.operator.adopt.adopted_stage import WITH_AUTHORIZER
from functions.operator.adopt.planned_change import OURS, PlannedChange, Value

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient
    from mypy_boto3_apigateway.type_defs import (
        GatewayResponseResponseTypeDef,
        GatewayResponseTypeDef,
        PatchOperationTypeDef,
    )

_MOST = 500  # of authorizers in one answer; the quota is 10


class AuthorizerWriter(NamedTuple):
    """`is_ours`: by its URI, since its id is known only when it is made."""

    gateway: "APIGatewayClient"
    api_id: str
    is_ours: Callable[[str], bool]

    def found(self) -> dict[str, Any] | None:
        answer = self.gateway.get_authorizers(restApiId=self.api_id, limit=_MOST)
        for one in answer.get("items", []):
            if self.is_ours(one.get("authorizerUri", "")):
                return dict(one)
        return None

    def read(self, _change: PlannedChange) -> Value:
        found = self.found()
        return None if found is None else self._said(found)

    def write(self, change: PlannedChange, value: Value) -> Value:
        present = self.found()
        if value is None:
            if present is not None:
                self.gateway.delete_authorizer(restApiId=self.api_id, authorizerId=present["id"])
        else:
            here = present or self._made(str(change.target["name"]), value)
            if self._said(here) != value:
                self._change(here["id"], value)
        return value

    def _made(self, name: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """API Gateway takes no empty identity source: none is said by leaving it out."""
        said = {field: one for field, one in value.items() if one != ""}
        made = self.gateway.create_authorizer(
            restApiId=self.api_id, name=name, type="REQUEST", **said
        )
        return {**said, **made}

    def _change(self, authorizer_id: str, value: Mapping[str, Any]) -> None:
        operations: list[PatchOperationTypeDef] = [
            {"op": "replace", "path": f"/{name}", "value": str(one)} for name, one in value.items()
        ]
        self.gateway.update_authorizer(
            restApiId=self.api_id, authorizerId=authorizer_id, patchOperations=operations
        )

    @staticmethod
    def _said(found: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "authorizerUri": found["authorizerUri"],
            "identitySource": found.get("identitySource", ""),
            "authorizerResultTtlInSeconds": found.get("authorizerResultTtlInSeconds", 0),
        }


class MethodWriter(NamedTuple):
    """Who is asked about a method's callers; nothing else of the method."""

    gateway: "APIGatewayClient"
    api_id: str
    authorizer: AuthorizerWriter

    def read(self, change: PlannedChange) -> Value:
        found = self.gateway.get_method(
            restApiId=self.api_id,
            resourceId=change.target["resourceId"],
            httpMethod=change.target["verb"],
        )
        kind = found["authorizationType"]
        asked = found.get("authorizerId") if kind in WITH_AUTHORIZER else None
        ours = self.authorizer.found()
        is_ours = ours is not None and asked == ours["id"]
        return {"authorizationType": kind, "authorizerId": OURS if is_ours else asked}

    def write(self, change: PlannedChange, value: Value) -> Value:
        if value is None:
            raise ValueError(change.name)  # a method always has some type
        kind, asked = value["authorizationType"], value["authorizerId"]
        operations: list[PatchOperationTypeDef] = [
            {"op": "replace", "path": "/authorizationType", "value": kind}
        ]
        if asked is not None:
            identity = self._our_id() if asked == OURS else asked
            operations.append({"op": "replace", "path": "/authorizerId", "value": identity})
        self.gateway.update_method(
            restApiId=self.api_id,
            resourceId=change.target["resourceId"],
            httpMethod=change.target["verb"],
            patchOperations=operations,
        )
        return value

    def _our_id(self) -> str:
        found = self.authorizer.found()
        if found is None:
            raise LookupError("our authorizer was deleted while it was being attached")
        return str(found["id"])


class AnswerWriter(NamedTuple):
    """A gateway response; None is API Gateway's own."""

    gateway: "APIGatewayClient"
    api_id: str

    def read(self, change: PlannedChange) -> Value:
        found = self.gateway.get_gateway_response(
            restApiId=self.api_id, responseType=change.target["name"]
        )
        return answer_of(found)

    def write(self, change: PlannedChange, value: Value) -> Value:
        place: Any = {"restApiId": self.api_id, "responseType": change.target["name"]}
        if value is not None:
            self.gateway.put_gateway_response(**place, **value)
        elif self.read(change) is not None:
            self.gateway.delete_gateway_response(**place)
        return value


def answer_of(found: "GatewayResponseTypeDef | GatewayResponseResponseTypeDef") -> Value:
    """What its owner declared of it."""
    if found.get("defaultResponse"):
        return None
    said: dict[str, Any] = {
        "responseParameters": found.get("responseParameters", {}),
        "responseTemplates": found.get("responseTemplates", {}),
    }
    return ({"statusCode": found["statusCode"]} if found.get("statusCode") else {}) | said
