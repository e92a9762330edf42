"""A stack that is to be removed, as AWS tells of it: each question is asked when it is put."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from functions.operator.aws_session import aws_session
from functions.operator.configuration_commands.metered_groups import metered_groups
from functions.operator.deployment.stack_resources import StackResources, stack_resources
from functions.operator.removal.draining import WaitingPlaces
from functions.operator.removal.pointing import Pointing, pointing_at
from functions.operator.removal.retained import BUCKETS, Retained, retained
from functions.operator.removal.subscriptions import Subscribed, subscribed, unsubscribe

if TYPE_CHECKING:
    from functions.operator.deployment.deployment import Deployment

ON_THE_WAY = ("UsageQueue", "SettledUsageQueue")
SET_ASIDE = ("UsageDeadLetterQueue", "CounterDeadLetterQueue")
_REST_API = "AWS::ApiGateway::RestApi"


class StandingStack:
    """One stack, by name and outputs; `log_groups` are subscribed beside its sources."""

    def __init__(self, name: str, deployment: "Deployment", log_groups: Sequence[str]) -> None:
        self.name = name
        self._deployment = deployment
        self._log_groups = log_groups
        self._aws = aws_session(deployment.region)

    def pointing(self) -> Iterator[Pointing]:
        own = {physical_id for _, physical_id in self._resources.of_kind(_REST_API)}
        client = self._aws.client("apigateway")
        return pointing_at(client, self._deployment.output("AuthorizerFunctionArn"), own)

    def subscribed(self) -> Iterator[Subscribed]:
        groups = dict.fromkeys([*metered_groups(self._deployment), *self._log_groups])
        function = self._deployment.output("MeteringFunctionArn")
        return subscribed(self._aws.client("logs"), groups, function)

    def unsubscribe(self, one: Subscribed) -> None:
        unsubscribe(self._aws.client("logs"), one)

    def road(self) -> WaitingPlaces:
        def urls(names: Sequence[str]) -> Mapping[str, str]:
            return {name: self._deployment.output(f"{name}Url") for name in names}

        return WaitingPlaces(
            sqs=self._aws.client("sqs"),
            s3=self._aws.client("s3"),
            queues=urls(ON_THE_WAY),
            set_aside=urls(SET_ASIDE),
            quarantine_bucket=self._deployment.output("QuarantineBucketName"),
        )

    def retained(self) -> Iterator[Retained]:
        names = self._resources.physical_ids()
        for bucket in BUCKETS:  # an adopted one is no resource of the stack, and stays as well
            names[bucket] = self._deployment.output(f"{bucket}Name")
        return retained(names, self._aws.client("cloudwatch"))

    @cached_property
    def _resources(self) -> StackResources:
        return stack_resources(self._aws.client("cloudformation"), self.name)
