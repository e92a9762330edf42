"""What stands at our own stack: the source in the configuration, and who may ask the authorizer."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.adapters.not_there import or_none
from functions.metering.configuration.document_reading import (
    ConfigurationError,
    default_configuration,
)
from functions.operator.adopt.adopted_source import (
    ConfigurationDocument,
    MeteredAs,
    documented_source,
    with_source,
    without_source,
)
from functions.operator.adopt.planned_change import PlannedChange, Value
from functions.operator.configuration_commands.configuration_store import (
    ConfigurationStore,
    InForce,
)
from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_API_GATEWAY = "apigateway.amazonaws.com"


class SourceWriter(NamedTuple):
    """The source in the document. Each write is a new version of it, checked as metering reads it
    and put only over the version that was read.
    """

    store: ConfigurationStore
    put_by: Callable[[], str | None]
    now_ms: int

    def read(self, change: PlannedChange) -> Value:
        document = document_of(self.store, self.store.in_force())
        return documented_source(document, change.target["name"])

    def write(self, change: PlannedChange, value: Value) -> Value:
        found = self.store.in_force()
        document = document_of(self.store, found)
        if value is None:
            changed = without_source(document, change.after or {})
        else:
            target = change.target
            wanted = MeteredAs(value, target["accessLog"], target["customers"])
            changed = with_source(document, wanted, self.now_ms)
        if changed != document:
            self._put(changed, found)
        return value

    def _put(self, document: ConfigurationDocument, compared_with: InForce) -> None:
        body = json.dumps(document, indent=2).encode()
        try:
            self.store.reader.read(body)
        except ConfigurationError as error:
            raise Permanent(f"the configuration with this source: {error}") from None
        self.store.put(body, compared_with, self.put_by())


def document_of(store: ConfigurationStore, found: InForce) -> ConfigurationDocument:
    """What is in force as it was put; the default where nothing was."""
    if found.version_id is None:
        text = default_configuration().model_dump_json(by_alias=True, exclude_none=True)
        document: Mapping[str, Any] = json.loads(text)
        return document
    read: Mapping[str, Any] = json.loads(store.read(found.version_id).document)
    return read


class PermissionWriter(NamedTuple):
    """Whether API Gateway may invoke the authorizer's alias for an API."""

    lambdas: "LambdaClient"

    def read(self, change: PlannedChange) -> Value:
        statements = statements_of(self.lambdas, change.target["function"])
        found = next((one for one in statements if one.get("Sid") == change.target["name"]), None)
        return found and {"sourceArn": source_of(found)}

    def write(self, change: PlannedChange, value: Value) -> Value:
        function, statement = change.target["function"], change.target["name"]
        is_there = self.read(change) is not None
        if value is not None and not is_there:
            self.lambdas.add_permission(
                FunctionName=function,
                StatementId=statement,
                Action="lambda:InvokeFunction",
                Principal=_API_GATEWAY,
                SourceArn=value["sourceArn"],
            )
        if value is None and is_there:
            self.lambdas.remove_permission(FunctionName=function, StatementId=statement)
        return value


def statements_of(lambdas: "LambdaClient", function: str) -> list[dict[str, Any]]:
    """Empty where nobody may invoke it."""
    policy = or_none(lambda: lambdas.get_policy(FunctionName=function))
    if policy is None:
        return []
    found: list[dict[str, Any]] = json.loads(policy["Policy"])["Statement"]
    return found


def source_of(statement: Mapping[str, Any]) -> str:
    """For which API a statement is; empty where it does not say."""
    conditions = statement.get("Condition", {}).get("ArnLike", {})
    return next((arn for key, arn in conditions.items() if key.lower() == "aws:sourcearn"), "")
