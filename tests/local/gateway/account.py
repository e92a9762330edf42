"""Read an account: every REST API of it, made by a stack or by API calls, leaves as a `Deployment`.

Stage settings are those of now; what a stage serves is what its deployment had (`deployed_copies`).
"""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.local.gateway.declared import Declared, Templates
from tests.local.gateway.deployed_copies import DeployedCopies
from tests.local.gateway.deployment import Api, ApiKey, Deployment, Stage, UsagePlan
from tests.local.gateway.live_api import LiveApis
from tests.local.gateway.stage import StageLogs
from tests.local.gateway.usage_plans import read_keys, read_plans

# SAM's deployment makes it as a side effect; nobody asked for it.
SAM_EXTRA_STAGE = "Stage"


class NoRestApiError(RuntimeError):
    """There is nothing to serve; the message names what to do."""


@dataclass
class Account:
    """The account and Region of the environment's credentials; `stack` owns bare stage names."""

    stack: str
    _logs: StageLogs = field(default_factory=StageLogs)
    _keys: tuple[ApiKey, ...] = ()
    _plans: tuple[UsagePlan, ...] = ()
    _apis: dict[str, Api] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._client: Any = boto3.client("apigateway")
        self._templates = Templates(self.stack)
        self._account_id, self._region = self._templates.place()
        self._copies = DeployedCopies(LiveApis(self._client, self._account_id, self._region))

    def read(self, *, with_keys: bool = True) -> Deployment:
        """Everything that the gateway serves; keys and plans of the last time if not asked for."""
        declared = self._templates.apis()
        if with_keys:
            self._keys, self._plans = read_keys(self._client), read_plans(self._client)
        pages = self._client.get_paginator("get_rest_apis").paginate()
        described = {entry["id"]: entry for page in pages for entry in page["items"]}
        # A stack's own before others: where two have a stage of one name, the stack's is meant.
        order = [*(known for known in declared if known in described)]
        order += [other for other in described if other not in declared]
        found = [self._api(described[api_id], declared.get(api_id)) for api_id in order]
        self._apis = {api.id: api for api in found if api}
        return Deployment(
            apis=self._apis,
            copies=self._copies.known(self._apis),
            keys=self._keys,
            plans=self._plans,
        )

    def _api(self, described: dict[str, Any], declared: Declared | None) -> Api | None:
        api_id = described["id"]
        if api_id in self._templates.unfinished:
            return self._apis.get(api_id)
        try:
            stages = self._stages(api_id, declared)
            pages = self._client.get_paginator("get_deployments").paginate(restApiId=api_id)
            deployments = [entry["id"] for page in pages for entry in page["items"]]
            in_use = [stage.deployment_id for stage in stages.values()]
            self._copies.update(described, declared, deployments, in_use)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotFoundException":
                raise
            return None  # deleted while it was read
        return Api(
            id=api_id,
            account_id=self._account_id,
            region=self._region,
            resources=(),
            authorizers={},
            stages=stages,
        )

    def _stages(self, api_id: str, declared: Declared | None) -> dict[str, Stage]:
        logs = declared.access_logs if declared else {}
        return {
            entry["stageName"]: self._logs.read(api_id, entry, logs.get(entry["stageName"]))
            for entry in self._client.get_stages(restApiId=api_id)["item"]
            if declared is None or entry["stageName"] != SAM_EXTRA_STAGE
        }
