"""What a stage serves, asked of AWS: the summary of its deployment, and the stage's export."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.adapters.not_there import or_none
from functions.operator.adopt.deployed_snapshot import DeployedSnapshot
from functions.operator.stage_export import stage_export

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient


def deployed_snapshot(
    gateway: "APIGatewayClient", api_id: str, stage: str, deployment: str
) -> DeployedSnapshot:
    """None for what AWS does not tell."""
    summary = or_none(
        lambda: gateway.get_deployment(
            restApiId=api_id, deploymentId=deployment, embed=["apisummary"]
        )
    )
    told = summary.get("apiSummary") if summary else None
    return DeployedSnapshot(told, exported_stage(gateway, api_id, stage))


def exported_stage(
    gateway: "APIGatewayClient", api_id: str, stage: str
) -> Mapping[str, Any] | None:
    """None where AWS does not tell it, for whatever reason."""
    try:
        return stage_export(gateway, api_id, stage, "apigateway")
    except (ClientError, ValueError):
        return None


def is_refused(error: ClientError) -> bool:
    """As API Gateway answers an id in a patch that it does not know."""
    return error.response["Error"]["Code"] == "BadRequestException"
