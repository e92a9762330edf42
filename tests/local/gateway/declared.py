"""What the account's stacks declare of their REST APIs, read from their processed templates.

ministack drops some of it on deployment: access log settings of stages, and ANY methods, gateway
responses and the resource policy of an API body. Public APIs only, so this reads AWS as well.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import yaml

from tests.local.gateway.api_body import (
    KEY_SOURCE,
    binary_media_types,
    body_paths,
    body_responses,
    resource_policy,
)
from tests.local.gateway.deployment import GatewayResponse
from tests.local.gateway.intrinsics import UnresolvedError
from tests.local.gateway.stack_names import read_scope
from tests.local.gateway.stage import declared_access_logs

REST_API = "AWS::ApiGateway::RestApi"
IN_PROGRESS, GONE = "_IN_PROGRESS", "DELETE_COMPLETE"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One REST API of a template, and the access logs of its stages."""

    paths: Mapping[str, Any] = field(default_factory=dict)
    responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    policy: Mapping[str, Any] | None = None
    binary_media_types: tuple[str, ...] = ()
    key_source: str | None = None
    access_logs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass
class Templates:
    """The templates of all stacks, `first` first. Each is read again after its stack changed."""

    first: str
    _read: dict[str, tuple[object, dict[str, Declared]]] = field(default_factory=dict)
    # REST APIs of stacks on their way: what they are will be known when the stack is done.
    unfinished: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._client = boto3.client("cloudformation")

    def apis(self) -> dict[str, Declared]:
        """What is declared, by REST API id, as of now."""
        pages = self._client.get_paginator("describe_stacks").paginate()
        stacks: list[Any] = [stack for page in pages for stack in page["Stacks"]]
        stacks.sort(key=lambda stack: stack["StackName"] != self.first)
        found: dict[str, Declared] = {}
        unfinished: set[str] = set()
        for stack in stacks:
            name, status = stack["StackName"], stack["StackStatus"]
            if status == GONE:
                continue
            if status.endswith(IN_PROGRESS):
                unfinished.update(self._ids(name).values())
                found |= self._read.get(name, (None, {}))[1]
            else:
                found |= self._stack(name, (stack["StackId"], status, stack.get("LastUpdatedTime")))
        self.unfinished = frozenset(unfinished)
        return found

    def place(self) -> tuple[str, str]:
        """Account and Region, as the first stack's ARN says them."""
        stack = self._client.describe_stacks(StackName=self.first)["Stacks"][0]
        _, _, _, region, account, _ = stack["StackId"].split(":", 5)
        return account, region

    def _stack(self, name: str, version: object) -> dict[str, Declared]:
        known, declared = self._read.get(name, (None, {}))
        if known != version:
            ids = self._ids(name)
            declared = self._known(name, ids) if ids else {}
            self._read[name] = (version, declared)
        return declared

    def _known(self, name: str, ids: Mapping[str, str]) -> dict[str, Declared]:
        try:
            return self._declared(name, ids)
        except UnresolvedError as error:
            if name == self.first:
                raise
            print(f"gateway: stack {name}: {error}; its template is not used", file=sys.stderr)
            return {}

    def _ids(self, name: str) -> dict[str, str]:
        """REST API ids by logical id."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=name)
        return {
            entry["LogicalResourceId"]: entry["PhysicalResourceId"]
            for page in pages
            for entry in page["StackResourceSummaries"]
            if entry["ResourceType"] == REST_API and entry.get("PhysicalResourceId")
        }

    def _declared(self, name: str, ids: Mapping[str, str]) -> dict[str, Declared]:
        answer = self._client.get_template(StackName=name, TemplateStage="Processed")
        text: Any = answer["TemplateBody"]
        template: dict[str, Any] = yaml.safe_load(text) if isinstance(text, str) else text
        scope = read_scope(self._client, name, template)
        found = {}
        for logical, api_id in ids.items():
            properties = template["Resources"].get(logical, {}).get("Properties", {})
            body = properties.get("Body", {})
            found[api_id] = Declared(
                paths=body_paths(body, scope),
                responses=body_responses(body, scope),
                policy=resource_policy(body, scope),
                binary_media_types=binary_media_types(body),
                key_source=properties.get("ApiKeySourceType") or body.get(KEY_SOURCE),
                access_logs=declared_access_logs(api_id, scope, template),
            )
        return found
