"""An adoption whose every neighbour is in memory: an API, log groups, a stack of ours, records."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from functions.metering.configuration.deployed_sources import ConfigurationReader
from functions.metering.configuration.document_reading import default_configuration
from functions.operator.adopt.adoption_apply import ReadAdoption, read_adoption
from functions.operator.adopt.adoption_order import AdoptingStack, AdoptionOrder
from functions.operator.adopt.adoption_record import AdoptionRecords
from functions.operator.adopt.carrying_out import LeftChange, TakingUp
from functions.operator.adopt.opened_adoption import OpenedAdoption
from functions.operator.adopt.our_stack import StackOfOurs
from functions.operator.adopt.stage_reading import StageReader
from functions.operator.adopt.writers.stage_writers import StageOf
from functions.operator.configuration_commands.configuration_store import InForce, ReadVersion
from tests.fakes.api_gateway import FakeApiGateway, FakeLogGroups
from tests.fakes.s3_objects import FakeBucket

ALIAS = "arn:aws:lambda:us-east-1:000000000000:function:ours-Authorizer:live"
METERING = "arn:aws:lambda:us-east-1:000000000000:function:ours-MeteringFunction-1"
NOW_MS = 1_795_975_200_000
GROUP = "/orders/prod"
GROUP_ARN = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"
OWN_URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:own/invocations"
DOCUMENT: Mapping[str, Any] = json.loads(
    default_configuration().model_dump_json(by_alias=True, exclude_none=True)
)


@dataclass
class FakeStore:
    """A configuration bucket of one document."""

    document: Mapping[str, Any] = field(default_factory=lambda: dict(DOCUMENT))
    reader: ConfigurationReader = field(default_factory=ConfigurationReader)
    puts: int = 0
    words: str = "version 1"
    is_newest_bad: bool = False

    def in_force(self) -> InForce:
        configuration = self.reader.read(json.dumps(self.document).encode())
        return InForce(configuration, "1", "etag", self.words, self.is_newest_bad)

    def read(self, _version: str) -> ReadVersion:
        return ReadVersion(json.dumps(self.document).encode(), None)

    def put(self, document: bytes, _compared_with: InForce, _put_by: str | None) -> str:
        self.document = json.loads(document)
        self.puts += 1
        return "2"


@dataclass
class FakeLambda:
    """The alias's policy and environment."""

    header: str = "either"
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get_policy(self, **_asked: str) -> dict[str, str]:
        if not self.statements:
            answer: Any = {"Error": {"Code": "ResourceNotFoundException"}}
            raise ClientError(answer, "GetPolicy")
        return {"Policy": json.dumps({"Statement": [*self.statements.values()]})}

    def add_permission(self, **asked: str) -> None:
        condition = {"ArnLike": {"AWS:SourceArn": asked["SourceArn"]}}
        self.statements[asked["StatementId"]] = {
            "Sid": asked["StatementId"],
            "Condition": condition,
        }

    def remove_permission(self, **asked: str) -> None:
        del self.statements[asked["StatementId"]]

    def get_function_configuration(self, **_asked: str) -> dict[str, Any]:
        return {"Environment": {"Variables": {"CREDENTIAL_HEADER": self.header}}}


@dataclass
class FakeSession:
    """A session whose only service is Lambda."""

    lambdas: FakeLambda

    def client(self, _name: str) -> FakeLambda:
        return self.lambdas


class WithoutName(OpenedAdoption):
    """Run by somebody whom AWS does not name."""

    def put_by(self) -> None:
        return None


class FakeDeployment:
    """A stack's outputs."""

    def output(self, name: str) -> str:
        return {"AuthorizerAliasArn": ALIAS, "MeteringFunctionArn": METERING}[name]


class NoFigures:
    """A CloudWatch that counted nothing, and a CloudFormation that knows one template."""

    template = "Transform: AWS::Serverless-2016-10-31"

    def get_metric_statistics(self, **_asked: object) -> dict[str, Any]:
        return {"Datapoints": []}

    def get_template(self, **_asked: str) -> dict[str, str]:
        return {"TemplateBody": self.template}


class RecordBucket(FakeBucket):
    """Objects that are put and read whole. One that holds `dies_when` ends the process."""

    dies_when = ""

    def put_object(self, **asked: Any) -> Any:
        if self.dies_when and self.dies_when in str(asked["Body"]):
            raise KeyboardInterrupt(self.dies_when)
        return super().put_object(**asked)

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        keys = sorted(key for key in self.objects if key.startswith(asked["Prefix"]))
        return [{"Contents": [{"Key": key} for key in keys]}]


@dataclass
class World:
    """All of it, and what an operator does with it."""

    gateway: FakeApiGateway
    logs: FakeLogGroups
    store: FakeStore = field(default_factory=FakeStore)
    lambdas: FakeLambda = field(default_factory=FakeLambda)
    bucket: RecordBucket = field(default_factory=RecordBucket)
    now_ms: int = NOW_MS

    @property
    def opened(self) -> OpenedAdoption:
        gateway, nobody = self.gateway, NoFigures()
        where = ("000000000000", "us-east-1", "aws")
        reader = StageReader(gateway, self.logs, nobody, nobody, *where)  # type: ignore[arg-type]
        session = FakeSession(self.lambdas)
        stack = StackOfOurs("ours", " --stack ours", FakeDeployment(), self.store, session)  # type: ignore[arg-type]
        records = AdoptionRecords(self.bucket, "b", "api1", "prod")  # type: ignore[arg-type]
        return WithoutName(stack, reader, records, StageOf(gateway, "api1", "prod"))  # type: ignore[arg-type]

    def read(self, order: AdoptionOrder) -> ReadAdoption:
        self.now_ms += 1000
        return read_adoption(self.opened, replace(order, now_ms=self.now_ms), None)

    def apply(self, order: AdoptionOrder) -> ReadAdoption:
        """What was planned, made whatever stands in the way."""
        found = self.read(order)
        if not found.is_done:
            self.carry_out(found)
        return found

    def carry_out(self, found: ReadAdoption) -> None:
        """What was read before, later."""
        out = self.opened.carrying_out(found.ours, self.now_ms, TakingUp(0, 0))
        out.apply(found.record)

    def undo_all(self, *, deploys_pending: bool = False) -> list[LeftChange]:
        """Every phase, the last one first."""
        ours: AdoptingStack = self.opened.stack.as_it_is()
        out = self.opened.carrying_out(ours, self.now_ms, TakingUp(0, 0))
        left: list[LeftChange] = []
        for record in self.opened.records.newest_first():
            left += out.undo(record, deploys_pending=deploys_pending)
        return left

    def everything(self) -> dict[str, Any]:
        """What callers and neighbours see, in one value; ids of what is made anew are not."""
        methods = {
            (one["path"], verb): {
                name: value
                for name, value in method.items()
                if name != "authorizerId" or method["authorizationType"] != "NONE"
            }
            for one in self.gateway.resources.values()
            for verb, method in one["resourceMethods"].items()
        }
        stages = {
            name: {key: value for key, value in stage.items() if value}
            for name, stage in self.gateway.stages.items()
        }
        found: dict[str, Any] = json.loads(
            json.dumps(
                {
                    "methods": [[*key, value] for key, value in sorted(methods.items())],
                    "stages": stages,
                    "authorizers": self.gateway.authorizers,
                    "answers": self.gateway.answers,
                    "filters": self.logs.filters,
                    "sources": self.store.document.get("sources", []),
                    "statements": self.lambdas.statements,
                }
            )
        )
        return found


def method(
    kind: str = "NONE", asked: str | None = None, *, needs_key: bool = False
) -> dict[str, Any]:
    return {"authorizationType": kind, "authorizerId": asked, "apiKeyRequired": needs_key,
            "methodIntegration": {"type": "MOCK"}}  # fmt: skip


def world(
    methods: Mapping[tuple[str, str], dict[str, Any]],
    *,
    log_format: str | None = '{"requestId":"$context.requestId"}',
    filters: Sequence[str] = (),
    answers: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
) -> World:
    """A stage `prod` that was deployed as it is."""
    gateway = FakeApiGateway()
    for path, verb in methods:
        resource = gateway.resources.setdefault(
            path, {"id": path, "path": path, "resourceMethods": {}}
        )
        resource["resourceMethods"][verb] = dict(methods[path, verb])
    gateway.authorizers["own"] = {
        "id": "own",
        "name": "own-auth",
        "type": "REQUEST",
        "authorizerUri": OWN_URI,
    }
    gateway.answers = {kind: dict(one) for kind, one in (answers or {}).items()}
    gateway.create_deployment(stageName="prod")
    stage = gateway.stages["prod"]
    if log_format is not None:
        stage["accessLogSettings"] = {"destinationArn": GROUP_ARN, "format": log_format}
    stage["variables"] = dict(variables or {})
    logs = FakeLogGroups()
    if log_format is not None:
        logs.create_log_group(GROUP)
        for name in filters:
            logs.put_subscription_filter(
                logGroupName=GROUP, filterName=name, filterPattern="", destinationArn=f"arn:{name}"
            )
    return World(gateway, logs)
