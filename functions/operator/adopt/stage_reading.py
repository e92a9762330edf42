"""An API's id and a stage's name come in; the stage as it is leaves. It only asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from functions.adapters.not_there import or_none
from functions.operator.adopt.adopted_stage import (
    AdoptedStage,
    GatewayAuthorizer,
    GatewayMethod,
    Maker,
    UsagePlan,
)
from functions.operator.adopt.adoption_order import MODE_VARIABLE, AdoptingStack
from functions.operator.adopt.denial_answers import answers_beside
from functions.operator.adopt.deployed_reading import deployed_snapshot, exported_stage
from functions.operator.adopt.deployed_snapshot import (
    LiveApi,
    asking_ours,
    pending_of,
)
from functions.operator.adopt.log_group_reading import (
    log_group_state,
    served_a_month,
    sharing_stages,
)
from functions.operator.adopt.stage_makers import MadeBy, made_by
from functions.operator.adopt.writers.api_writers import answer_of
from functions.operator.adopt.writers.stage_writers import access_log_of
from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient
    from mypy_boto3_apigateway.type_defs import StageResponseTypeDef, StageTypeDef
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_logs.client import CloudWatchLogsClient


class StageReader(NamedTuple):
    """The clients that are asked, and where they ask."""

    gateway: "APIGatewayClient"
    logs: "CloudWatchLogsClient"
    cloudformation: "CloudFormationClient"
    cloudwatch: "CloudWatchClient"
    account: str
    region: str
    partition: str

    def read(
        self, api_id: str, name: str, ours: AdoptingStack, maker: Maker | None
    ) -> AdoptedStage:
        """Permanent where there is no such API, or no such stage."""
        api = self._api(api_id)
        stage = self._stage(api_id, name)
        resources = [*self._resources(api_id)]
        authorizers = [*self._authorizers(api_id)]
        answers = self._answers(api_id)
        snapshot = deployed_snapshot(self.gateway, api_id, name, stage.get("deploymentId", ""))
        found = self._made_by(api)

        declared = {kind: one for kind, one in answers.items() if one is not None}
        live = LiveApi(
            resources,
            authorizers,
            declared,
            bool(api.get("policy")),
            ours.is_ours,
            answers_beside(declared, ours.credential_header),
        )
        access_log = access_log_of(stage)
        stages = self.gateway.get_stages(restApiId=api_id).get("item", [])
        others = [one for one in stages if one["stageName"] != name]
        read = AdoptedStage(
            api_id=api_id,
            api_name=api.get("name", ""),
            stage=name,
            region=self.region,
            account=self.account,
            partition=self.partition,
            made_by=maker or found.maker,
            made_in=found.where,
            methods=[*_methods(resources)],
            authorizers=authorizers,
            plans=[*self._plans(api_id, name)],
            account_role=self.gateway.get_account().get("cloudwatchRoleArn") or "",
            access_log=access_log,
            sharing=[*sharing_stages(others, access_log)],
            without_mode=[*self._without_mode(api_id, others, ours)],
            variables=stage.get("variables") or {},
            answers=answers,
            deployment_id=stage.get("deploymentId", ""),
            asks_ours=[*asking_ours(snapshot.export, ours.is_ours)],
            pending=pending_of(snapshot, live),
            has_canary=bool(stage.get("canarySettings")),
            has_policy=bool(api.get("policy")),
            has_keys_of_authorizer=api.get("apiKeySource") == "AUTHORIZER",
            served_a_month=served_a_month(self.cloudwatch, api.get("name", ""), name),
        )
        return replace(read, log_group=log_group_state(self.logs, read.group_name))

    def _without_mode(
        self, api_id: str, others: "Sequence[StageTypeDef]", ours: AdoptingStack
    ) -> Iterator[str]:
        """But for those that ask our authorizer already: they have the stack's mode on purpose."""
        for one in others:
            if MODE_VARIABLE not in (one.get("variables") or {}):
                export = exported_stage(self.gateway, api_id, one["stageName"])
                if not any(asking_ours(export, ours.is_ours)):
                    yield one["stageName"]

    def asking_ours(self, api_id: str, ours: AdoptingStack) -> list[str]:
        """Who would be answered 500 without our authorizer: methods, and stages as deployed."""
        ids = {one.authorizer_id for one in self._authorizers(api_id) if ours.is_ours(one.uri)}
        methods = _methods([*self._resources(api_id)])
        asking = [one.name for one in methods if one.authorizer_id in ids]
        for stage in self.gateway.get_stages(restApiId=api_id).get("item", []):
            name = stage["stageName"]
            export = exported_stage(self.gateway, api_id, name)
            if export is None:
                asking.append(f"stage {name}, for all that AWS tells (GetExport)")
            elif any(asking_ours(export, ours.is_ours)):
                asking.append(f"stage {name}")
        return asking

    def _api(self, api_id: str) -> Mapping[str, Any]:
        fix = "`aws apigateway get-rest-apis` lists them; HTTP and WebSocket APIs cannot be metered"
        api = or_none(lambda: self.gateway.get_rest_api(restApiId=api_id))
        if api is None:
            where = f"{self.account} in {self.region}"
            raise Permanent(f"--api {api_id}: no REST API of {where}: {fix}")
        return api

    def _stage(self, api_id: str, name: str) -> "StageResponseTypeDef":
        stage = or_none(lambda: self.gateway.get_stage(restApiId=api_id, stageName=name))
        if stage is None:
            known = self.gateway.get_stages(restApiId=api_id).get("item", [])
            names = ", ".join(one["stageName"] for one in known) or "none"
            raise Permanent(f"--stage {name}: the API {api_id} has no such stage (it has {names})")
        return stage

    def _resources(self, api_id: str) -> Iterator[Mapping[str, Any]]:
        pages = self.gateway.get_paginator("get_resources")
        for page in pages.paginate(restApiId=api_id, embed=["methods"]):
            yield from page.get("items", [])

    def _authorizers(self, api_id: str) -> Iterator[GatewayAuthorizer]:
        for page in self.gateway.get_paginator("get_authorizers").paginate(restApiId=api_id):
            for one in page.get("items", []):
                yield GatewayAuthorizer(
                    one["id"],
                    one.get("name", ""),
                    one.get("authorizerUri") or "",
                    one.get("identitySource") or "",
                    one.get("authorizerResultTtlInSeconds", 300),
                )

    def _answers(self, api_id: str) -> Mapping[str, Mapping[str, Any] | None]:
        found = self.gateway.get_gateway_responses(restApiId=api_id, limit=500).get("items", [])
        return {one["responseType"]: answer_of(one) for one in found}

    def _plans(self, api_id: str, stage: str) -> Iterator[UsagePlan]:
        """Ids of keys; GetUsagePlanKeys tells values only where it is asked for them."""
        for page in self.gateway.get_paginator("get_usage_plans").paginate():
            for plan in page.get("items", []):
                places = [(one.get("apiId"), one.get("stage")) for one in plan.get("apiStages", [])]
                if (api_id, stage) in places:
                    pages = self.gateway.get_paginator("get_usage_plan_keys")
                    keys = pages.paginate(usagePlanId=plan["id"])
                    ids = tuple(key["id"] for page in keys for key in page.get("items", []))
                    yield UsagePlan(plan["id"], plan.get("name", ""), ids)

    def _made_by(self, api: Mapping[str, Any]) -> MadeBy:
        def template(stack: str) -> object:
            try:
                return self.cloudformation.get_template(StackName=stack)["TemplateBody"]
            except ClientError:
                return None

        return made_by(api.get("tags") or {}, template)


def _methods(resources: list[Mapping[str, Any]]) -> Iterator[GatewayMethod]:
    for resource in sorted(resources, key=lambda one: str(one["path"])):
        for verb, method in sorted(resource.get("resourceMethods", {}).items()):
            kind = method.get("authorizationType") or "NONE"
            found = GatewayMethod(resource["id"], resource["path"], verb, kind)
            yield found._replace(
                authorizer_id=method.get("authorizerId") if found.asks_authorizer else None,
                needs_key=bool(method.get("apiKeyRequired")),
                has_scopes=bool(method.get("authorizationScopes")),
            )
