"""API Gateway in memory, as far as an adoption asks it: one API, its stages, and what each of them
was deployed with. `tests/contracts/test_api_gateway.py` holds it to the emulator's.

Unlike the emulator's, an export is of what a stage serves, as AWS documents it.
"""

import copy
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

_PAGED = {
    "get_resources": "get_resources",
    "get_authorizers": "get_authorizers",
    "get_usage_plans": "get_usage_plans",
    "get_usage_plan_keys": "get_usage_plan_keys",
}


def refused(operation: str, code: str = "NotFoundException") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": f"no such {operation}"}}
    return ClientError(answer, operation)


def patched(thing: dict[str, Any], operations: Sequence[Mapping[str, str]]) -> None:
    """A path names at most one object within another."""
    for each in operations:
        *above, name = each["path"].strip("/").split("/")
        place = thing
        for part in above:
            place = place.setdefault(part, {})
        if each["op"] == "remove":
            place.pop(name, None)
        else:
            place[name] = each["value"]


@dataclass
class FakeApiGateway:
    """One API `api1`; resources by id, as GetResources has them with their methods."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    authorizers: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, list[str]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    key_source: str = "HEADER"
    not_exported: set[str] = field(default_factory=set)
    role: str = "arn:aws:iam::000000000000:role/logs"
    deployments: dict[str, dict[str, Any]] = field(default_factory=dict)
    # A call of these names ends the process that makes it.
    dies_at: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def get_paginator(self, operation: str) -> "Pages":
        return Pages(getattr(self, _PAGED[operation]))

    def get_account(self) -> dict[str, Any]:
        return {"cloudwatchRoleArn": self.role}

    def get_rest_api(self, restApiId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self._known(restApiId)
        found = {"id": restApiId, "name": "orders", "tags": self.tags}
        found |= {"apiKeySource": self.key_source}
        return {**found, "policy": self.policy} if self.policy else found

    def get_resources(self, restApiId: str, **_asked: object) -> dict[str, Any]:  # noqa: N803
        self._known(restApiId)
        return {"items": copy.deepcopy([*self.resources.values()])}

    def get_method(self, **asked: str) -> dict[str, Any]:
        return copy.deepcopy(self._method(asked))

    def update_method(self, **asked: Any) -> None:
        self._may_die("update_method")
        patched(self._method(asked), asked["patchOperations"])

    def get_authorizers(self, **_asked: object) -> dict[str, Any]:
        return {"items": copy.deepcopy([*self.authorizers.values()])}

    def create_authorizer(self, **asked: Any) -> dict[str, Any]:
        self._may_die("create_authorizer")
        if any(one["name"] == asked["name"] for one in self.authorizers.values()):
            raise refused("CreateAuthorizer", "ConflictException")
        if asked.get("identitySource") == "":  # none is said by leaving it out
            raise refused("CreateAuthorizer", "BadRequestException")
        name = f"auth{next(self._numbers)}"
        self.authorizers[name] = {
            "id": name,
            **{k: v for k, v in asked.items() if k != "restApiId"},
        }
        return {"id": name}

    def update_authorizer(self, **asked: Any) -> None:
        patched(self.authorizers[asked["authorizerId"]], asked["patchOperations"])
        found = self.authorizers[asked["authorizerId"]]
        found["authorizerResultTtlInSeconds"] = int(found["authorizerResultTtlInSeconds"])

    def delete_authorizer(self, **asked: str) -> None:
        self._may_die("delete_authorizer")
        del self.authorizers[asked["authorizerId"]]

    def get_gateway_responses(self, **_asked: object) -> dict[str, Any]:
        kinds = {"ACCESS_DENIED", "UNAUTHORIZED", *self.answers}
        return {"items": [self.get_gateway_response(responseType=kind) for kind in sorted(kinds)]}

    def get_gateway_response(self, **asked: str) -> dict[str, Any]:
        kind = asked["responseType"]
        default = {"defaultResponse": True, "responseType": kind}
        return copy.deepcopy(self.answers.get(kind, default))

    def put_gateway_response(self, **asked: Any) -> None:
        self._may_die("put_gateway_response")
        said = {name: one for name, one in asked.items() if name != "restApiId"}
        self.answers[asked["responseType"]] = {"defaultResponse": False, **said}

    def delete_gateway_response(self, **asked: str) -> None:
        self.answers.pop(asked["responseType"], None)

    def get_stages(self, **_asked: object) -> dict[str, Any]:
        return {"item": copy.deepcopy([*self.stages.values()])}

    def get_stage(self, **asked: str) -> dict[str, Any]:
        if asked["stageName"] not in self.stages:
            raise refused("GetStage")
        return copy.deepcopy(self.stages[asked["stageName"]])

    def update_stage(self, **asked: Any) -> None:
        self._may_die("update_stage")
        for each in asked["patchOperations"]:
            if each["path"] == "/deploymentId" and each["value"] not in self.deployments:
                raise refused("UpdateStage", "BadRequestException")
        patched(self.stages[asked["stageName"]], asked["patchOperations"])

    def create_deployment(self, **asked: str) -> dict[str, Any]:
        """Of everything, whoever changed it."""
        self._may_die("create_deployment")
        name = f"dep{next(self._numbers)}"
        self.deployments[name] = copy.deepcopy(
            {
                "resources": self.resources,
                "authorizers": self.authorizers,
                "answers": self.answers,
                "description": asked.get("description", ""),
            }
        )
        stage = self.stages.setdefault(asked["stageName"], {"stageName": asked["stageName"]})
        stage["deploymentId"] = name
        return {"id": name}

    def get_deployment(self, **asked: Any) -> dict[str, Any]:
        if asked["deploymentId"] not in self.deployments:
            raise refused("GetDeployment")
        deployed = self.deployments[asked["deploymentId"]]
        summary = {
            one["path"]: {
                verb: {"apiKeyRequired": method["apiKeyRequired"]}
                for verb, method in one["resourceMethods"].items()
            }
            for one in deployed["resources"].values()
            if one["resourceMethods"]
        }
        said = {"description": deployed["description"], "apiSummary": summary}
        return {"id": asked["deploymentId"], **said}

    def get_export(self, **asked: Any) -> dict[str, Any]:
        if asked["stageName"] in self.not_exported:
            raise refused("GetExport", "TooManyRequestsException")
        deployed = self.deployments[self.stages[asked["stageName"]]["deploymentId"]]
        return {"body": io.BytesIO(json.dumps(exported(deployed)).encode())}

    def get_usage_plans(self) -> dict[str, Any]:
        return {"items": self.plans}

    def get_usage_plan_keys(self, usagePlanId: str) -> dict[str, Any]:  # noqa: N803
        return {"items": [{"id": key} for key in self.keys.get(usagePlanId, [])]}

    def _method(self, asked: Mapping[str, str]) -> dict[str, Any]:
        self._known(asked["restApiId"])
        if asked["resourceId"] not in self.resources:
            raise refused("Resource")
        found: dict[str, Any] = self.resources[asked["resourceId"]]["resourceMethods"]
        if asked["httpMethod"] not in found:
            raise refused("Method")
        method: dict[str, Any] = found[asked["httpMethod"]]
        return method

    def _known(self, api_id: str) -> None:
        if api_id != "api1":
            raise refused("RestApi")

    def _may_die(self, operation: str) -> None:
        if operation in self.dies_at:
            raise KeyboardInterrupt(operation)


@dataclass
class Pages:
    """An operation whose answer is one page."""

    ask: Any

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        return [self.ask(**asked)]


def exported(deployed: Mapping[str, Any]) -> dict[str, Any]:
    """The OpenAPI document of a deployment, with API Gateway's extensions."""
    paths: dict[str, dict[str, Any]] = {}
    used: dict[str, dict[str, Any]] = {}
    for resource in deployed["resources"].values():
        for verb, method in resource["resourceMethods"].items():
            asked = deployed["authorizers"].get(method.get("authorizerId"))
            is_asked = method["authorizationType"] in {"CUSTOM", "COGNITO_USER_POOLS"} and asked
            operation: dict[str, Any] = {"x-amazon-apigateway-integration": {"type": "mock"}}
            if is_asked:
                used[asked["name"]] = asked
                operation["security"] = [{asked["name"]: []}]
            name = "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()
            paths.setdefault(resource["path"], {})[name] = operation
    schemes = {
        name: {"x-amazon-apigateway-authorizer": {"authorizerUri": one.get("authorizerUri", "")}}
        for name, one in used.items()
    }
    return {
        "paths": paths,
        "components": {"securitySchemes": schemes},
        "x-amazon-apigateway-gateway-responses": deployed["answers"],
    }


@dataclass
class FakeLogGroups:
    """CloudWatch Logs in memory: groups with their filters; `written`: those that hold lines."""

    filters: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    def get_paginator(self, _operation: str) -> Pages:
        return Pages(self.describe_log_groups)

    def describe_log_groups(self, logGroupNamePrefix: str) -> dict[str, Any]:  # noqa: N803
        names = [name for name in self.filters if name.startswith(logGroupNamePrefix)]
        return {"logGroups": [{"logGroupName": name} for name in names]}

    def describe_log_streams(self, logGroupName: str, **_asked: int) -> dict[str, Any]:  # noqa: N803
        return {"logStreams": [{}] if logGroupName in self.written else []}

    def create_log_group(self, logGroupName: str) -> None:  # noqa: N803
        self.filters[logGroupName] = {}

    def delete_log_group(self, logGroupName: str) -> None:  # noqa: N803
        del self.filters[logGroupName]

    def describe_subscription_filters(
        self,
        logGroupName: str,  # noqa: N803
        filterNamePrefix: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        if logGroupName not in self.filters:
            raise refused("LogGroup", "ResourceNotFoundException")
        found = self.filters[logGroupName].values()
        kept = [one for one in found if one["filterName"].startswith(filterNamePrefix)]
        return {"subscriptionFilters": copy.deepcopy(kept)}

    def put_subscription_filter(self, **asked: str) -> None:
        said = {name: one for name, one in asked.items() if name != "logGroupName"}
        of_group = self.filters[asked["logGroupName"]]
        if len(of_group | {asked["filterName"]: {}}) > 2:
            raise refused("PutSubscriptionFilter", "LimitExceededException")
        of_group[asked["filterName"]] = said

    def delete_subscription_filter(self, **asked: str) -> None:
        del self.filters[asked["logGroupName"]][asked["filterName"]]
