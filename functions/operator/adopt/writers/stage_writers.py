"""What stands at a stage itself and acts at once: its access log, the variable that says how our
authorizer's word counts, and which deployment it serves.
"""

from typing import TYPE_CHECKING, NamedTuple

from functions.operator.adopt.planned_change import NEW_DEPLOYMENT, PlannedChange, Value

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient
    from mypy_boto3_apigateway.type_defs import (
        PatchOperationTypeDef,
        StageResponseTypeDef,
        StageTypeDef,
    )

_ACCESS_LOG = "/accessLogSettings"
_OUR_DESCRIPTION = "aforo-metering adopt"


class StageOf(NamedTuple):
    """One stage, as the writers call it."""

    gateway: "APIGatewayClient"
    api_id: str
    stage: str

    def get(self) -> "StageResponseTypeDef":
        return self.gateway.get_stage(restApiId=self.api_id, stageName=self.stage)

    def patch(self, *operations: "PatchOperationTypeDef") -> None:
        self.gateway.update_stage(
            restApiId=self.api_id, stageName=self.stage, patchOperations=operations
        )


class AccessLogWriter(NamedTuple):
    """Destination and format, always both: the one is nothing without the other."""

    stage: StageOf

    def read(self, _change: PlannedChange) -> Value:
        return access_log_of(self.stage.get())

    def write(self, _change: PlannedChange, value: Value) -> Value:
        if value is None:
            self.stage.patch({"op": "remove", "path": _ACCESS_LOG})
            return None
        operations: list[PatchOperationTypeDef] = [
            {"op": "replace", "path": f"{_ACCESS_LOG}/{name}", "value": text}
            for name, text in value.items()
        ]
        self.stage.patch(*operations)
        return value


def access_log_of(stage: "StageResponseTypeDef | StageTypeDef") -> dict[str, str] | None:
    """None where the stage writes none."""
    found = stage.get("accessLogSettings", {})
    if not found.get("destinationArn"):
        return None
    return {"destinationArn": found["destinationArn"], "format": found.get("format", "")}


class ModeWriter(NamedTuple):
    """The stage variable."""

    stage: StageOf

    def read(self, change: PlannedChange) -> Value:
        found = self.stage.get().get("variables", {}).get(change.target["name"])
        return None if found is None else {"value": found}

    def write(self, change: PlannedChange, value: Value) -> Value:
        path = f"/variables/{change.target['name']}"
        if value is None:
            self.stage.patch({"op": "remove", "path": path})
        else:
            self.stage.patch({"op": "replace", "path": path, "value": value["value"]})
        return value


class DeploymentWriter(NamedTuple):
    """What the stage serves. Back goes the stage to the very deployment that it had: no change that
    waits is put before callers by it.
    """

    stage: StageOf

    def read(self, _change: PlannedChange) -> Value:
        return {"deploymentId": self.stage.get()["deploymentId"]}

    def of_others(self) -> Value:
        """None where an adoption made it."""
        served = self.stage.get()["deploymentId"]
        found = self.stage.gateway.get_deployment(restApiId=self.stage.api_id, deploymentId=served)
        is_ours = found.get("description") == _OUR_DESCRIPTION
        return None if is_ours else {"deploymentId": served}

    def write(self, _change: PlannedChange, value: Value) -> Value:
        if value is None or value == NEW_DEPLOYMENT:
            made = self.stage.gateway.create_deployment(
                restApiId=self.stage.api_id,
                stageName=self.stage.stage,
                description=_OUR_DESCRIPTION,
            )
            return {"deploymentId": made["id"]}
        self.stage.patch({"op": "replace", "path": "/deploymentId", "value": value["deploymentId"]})
        return value
