"""The stack that an API is connected with, read from what was deployed: of the name that was given,
or that of the running local cloud.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from functions.operator.adopt.adoption_order import HEADER_OF_TOKENS, AdoptingStack
from functions.operator.adopt.writers.stack_writers import (
    document_of,
    source_of,
    statements_of,
)
from functions.operator.aws_session import aws_session
from functions.operator.configuration_commands.configuration_store import (
    ConfigurationStore,
    open_store,
)
from functions.operator.deployment.deployment import Deployment
from functions.operator.deployment.local_cloud import read_endpoints_file
from functions.operator.deployment.place import Place
from functions.operator.deployment.stack_outputs import deployed_stack

if TYPE_CHECKING:
    from boto3 import Session
    from mypy_boto3_lambda import LambdaClient

_HEADER = "CREDENTIAL_HEADER"


class StackOfOurs(NamedTuple):
    """Where a stack of ours is; what an adoption asks of it is read when it is asked."""

    name: str
    option: str
    deployment: Deployment
    store: ConfigurationStore
    session: "Session"

    @property
    def lambdas(self) -> "LambdaClient":
        return self.session.client("lambda")

    def as_it_is(self) -> AdoptingStack:
        found = self.store.in_force()
        lambdas = self.lambdas
        alias = self.deployment.output("AuthorizerAliasArn")
        return AdoptingStack(
            name=self.name,
            option=self.option,
            metering_arn=self.deployment.output("MeteringFunctionArn"),
            authorizer_arn=alias,
            configuration=found.configuration,
            document=document_of(self.store, found),
            credential_header=_credential_header(lambdas, alias),
            lets_in=[source_of(one) for one in statements_of(lambdas, alias)],
            unusable=found.words if found.is_newest_bad else "",
        )


def _credential_header(lambdas: "LambdaClient", alias: str) -> str:
    """As the deployed authorizer reads it, whatever the template says today."""
    found: Any = lambdas.get_function_configuration(FunctionName=alias)
    said = found.get("Environment", {}).get("Variables", {}).get(_HEADER)
    return str(said or HEADER_OF_TOKENS).lower()


def open_stack(place: Place) -> StackOfOurs:
    """TargetError names the option and what to give."""
    name = place.stack or str(read_endpoints_file(place.endpoints).get("stack_name"))
    deployment = deployed_stack(name)
    session = aws_session(deployment.region)
    store = open_store(deployment)
    option = f" --stack {name}" if place.stack else ""
    return StackOfOurs(name, option, deployment, store, session)
