"""One source, as the configuration declares it: which log group, of which kind, of which stage.

    {"name": "orders", "logGroup": "/aws/apigateway/orders/prod", "kind": "access",
     "apiId": "a1b2c3d4e5", "stage": "prod"}

It says where to listen, not how to bill: nothing of it stands in an event or in its key, so that a
renamed source changes no bill. How an access log's lines are read is said by version, in
`accessLogs`, under the same log group.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

from pydantic import StringConstraints, field_validator, model_validator

from functions.metering.configuration.access_log_declaration import LogGroup, Part
from functions.metering.configuration.document import Document

# A heartbeat each minute, of at most three calls, and four metrics of CloudWatch for each.
MOST_SOURCES = 100
# The metrics' name for every log group that nobody declared.
UNDECLARED = "undeclared"
# API Gateway names the log group itself.
EXECUTION_LOGS = "API-Gateway-Execution-Logs_"
_CANARY = "/Canary"

type SourceKind = Literal["access", "execution"]
type SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\z")]


class MeteredStage(NamedTuple):
    """A stage, or the canary of one: that has a log group of its own."""

    api_id: str
    stage: str
    is_canary: bool = False


class SourceDeclaration(Document):
    """`name` is what metrics call it; `api_id` and `stage` are what writes there, where one does.

    An execution log in API Gateway's own group need not say them: the group's name does.
    """

    name: SourceName
    log_group: LogGroup
    kind: SourceKind
    api_id: Part | None = None
    stage: Part | None = None

    @field_validator("name")
    @classmethod
    def _is_not_taken(cls, name: str) -> str:
        if name == UNDECLARED:
            raise ValueError(f"{UNDECLARED} is what metrics call the groups that are not declared")
        return name

    @model_validator(mode="after")
    def _is_what_its_group_is(self) -> "SourceDeclaration":
        named = _stage_of(self.log_group)
        if self.log_group.startswith(EXECUTION_LOGS) and self.kind != "execution":
            raise ValueError(f"kind: {self.log_group} is an execution log")
        if named is not None:
            said = (self.api_id or named.api_id, self.stage or named.stage)
            if said != (named.api_id, named.stage):
                raise ValueError(f"apiId and stage are not those of {self.log_group}")
        return self

    @cached_property
    def metered_stage(self) -> MeteredStage | None:
        """None where several may write there, or nobody says which one does."""
        if named := _stage_of(self.log_group):
            return named
        return MeteredStage(self.api_id, self.stage) if self.api_id and self.stage else None

    def misread_by(self, api_id: str | None, stage: str | None) -> str | None:
        """Why `accessLogs` may not say of this log group what it does; None: it may."""
        if self.kind != "access":
            return f"it is the execution log {self.name}"
        if (api_id or self.api_id, stage or self.stage) != (
            self.api_id or api_id,
            self.stage or stage,
        ):
            return f"it is of another stage than {self.name}"
        return None


def _stage_of(log_group: str) -> MeteredStage | None:
    """Whose execution log a group is by its name."""
    if not log_group.startswith(EXECUTION_LOGS):
        return None
    own = log_group.removeprefix(EXECUTION_LOGS)
    api_id, _, stage = own.removesuffix(_CANARY).partition("/")
    return MeteredStage(api_id, stage, own.endswith(_CANARY)) if stage else None


def contradictions(sources: Iterable[SourceDeclaration]) -> Iterator[str]:
    """What two declarations say against each other: each request would be metered twice, or nobody
    could tell whose figures are shown.
    """
    names: set[str] = set()
    groups: dict[str, str] = {}
    stages: dict[tuple[str, str], list[SourceDeclaration]] = defaultdict(list)
    for source in sources:
        if source.name in names:
            yield f"two sources are called {source.name}"
        names.add(source.name)
        if other := groups.get(source.log_group):
            yield f"{other} and {source.name} are one log group, {source.log_group}"
        groups.setdefault(source.log_group, source.name)
        if stage := source.metered_stage:
            declared = stages[stage.api_id, stage.stage]
            if clash := next((one for one in declared if not _are_apart(one, source)), None):
                yield (
                    f"{clash.name} and {source.name} are one stage, {stage.stage} of"
                    f" {stage.api_id}: metered by two logs, each of its requests comes twice"
                )
            declared.append(source)


def _are_apart(one: SourceDeclaration, other: SourceDeclaration) -> bool:
    """A canary's execution log holds its own requests; a stage's access log holds those as well."""
    canaries = [each.metered_stage and each.metered_stage.is_canary for each in (one, other)]
    return one.kind == other.kind == "execution" and canaries[0] != canaries[1]
