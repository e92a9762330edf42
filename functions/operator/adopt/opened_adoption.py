"""One API and stage with the stack of ours that they are connected with: reader, writers and
records, wired to AWS or to the local cloud.
"""

from dataclasses import dataclass

from botocore.config import Config

from functions.adapters.not_there import or_none
from functions.operator.adopt.adopted_stage import AdoptedStage, Maker
from functions.operator.adopt.adoption_order import AdoptingStack
from functions.operator.adopt.adoption_record import AdoptionRecords
from functions.operator.adopt.carrying_out import CarryingOut, ChangeWriter, TakingUp
from functions.operator.adopt.our_stack import StackOfOurs, open_stack
from functions.operator.adopt.planned_change import ChangeKind
from functions.operator.adopt.stage_reading import StageReader
from functions.operator.adopt.writers.api_writers import (
    AnswerWriter,
    AuthorizerWriter,
    MethodWriter,
)
from functions.operator.adopt.writers.log_writers import LogGroupWriter, SubscriptionWriter
from functions.operator.adopt.writers.stack_writers import PermissionWriter, SourceWriter
from functions.operator.adopt.writers.stage_writers import (
    AccessLogWriter,
    DeploymentWriter,
    ModeWriter,
    StageOf,
)
from functions.operator.configuration_commands.configuration_store import who_puts
from functions.operator.deployment.place import Place

# API Gateway takes a handful of changes a second from an account; each is tried again.
_CLIENT = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 10},
)
_PARTITION, _REGION, _ACCOUNT = 1, 3, 4  # parts of an ARN


@dataclass(frozen=True, slots=True)
class OpenedAdoption:
    """Nothing was asked yet but the stack's outputs."""

    stack: StackOfOurs
    reader: StageReader
    records: AdoptionRecords
    stage: StageOf

    def put_by(self) -> str | None:
        """Who runs this, where AWS says it."""
        return who_puts(self.stack.deployment)

    def stage_as_it_is(self, ours: AdoptingStack, maker: Maker | None) -> AdoptedStage:
        return self.reader.read(self.stage.api_id, self.stage.stage, ours, maker)

    def carrying_out(self, ours: AdoptingStack, now_ms: int, taking_up: TakingUp) -> CarryingOut:
        def still_asked() -> str:
            asking = or_none(lambda: self.reader.asking_ours(self.stage.api_id, ours))
            if not asking:
                return ""
            is_open = all(one.startswith("stage ") for one in asking)
            ends = "; the next deployment there ends it: no method asks it any more" * is_open
            return f"still asked by {', '.join(asking)}{ends}"

        writers = self._writers(ours, now_ms)
        others = DeploymentWriter(self.stage).of_others
        return CarryingOut(writers, self.records, taking_up, still_asked, others)

    def _writers(self, ours: AdoptingStack, now_ms: int) -> dict[ChangeKind, ChangeWriter]:
        gateway, api_id = self.stage.gateway, self.stage.api_id
        authorizer = AuthorizerWriter(gateway, api_id, ours.is_ours)
        return {
            ChangeKind.METHOD: MethodWriter(gateway, api_id, authorizer),
            ChangeKind.ANSWER: AnswerWriter(gateway, api_id),
            ChangeKind.DEPLOYMENT: DeploymentWriter(self.stage),
            ChangeKind.MODE: ModeWriter(self.stage),
            ChangeKind.AUTHORIZER: authorizer,
            ChangeKind.PERMISSION: PermissionWriter(self.stack.lambdas),
            ChangeKind.SUBSCRIPTION: SubscriptionWriter(self.reader.logs),
            ChangeKind.SOURCE: SourceWriter(self.stack.store, self.put_by, now_ms),
            ChangeKind.ACCESS_LOG: AccessLogWriter(self.stage),
            ChangeKind.LOG_GROUP: LogGroupWriter(self.reader.logs),
        }


def open_adoption(api_id: str, stage: str, place: Place) -> OpenedAdoption:
    """TargetError where there is no such stack, or no local cloud."""
    stack = open_stack(place)
    session = stack.session
    parts = stack.deployment.output("MeteringFunctionArn").split(":")
    reader = StageReader(
        gateway=session.client("apigateway", config=_CLIENT),
        logs=session.client("logs", config=_CLIENT),
        cloudformation=session.client("cloudformation", config=_CLIENT),
        cloudwatch=session.client("cloudwatch", config=_CLIENT),
        account=parts[_ACCOUNT],
        region=parts[_REGION],
        partition=parts[_PARTITION],
    )
    bucket = stack.deployment.output("ConfigurationBucketName")
    records = AdoptionRecords(session.client("s3", config=_CLIENT), bucket, api_id, stage)
    return OpenedAdoption(stack, reader, records, StageOf(reader.gateway, api_id, stage))
