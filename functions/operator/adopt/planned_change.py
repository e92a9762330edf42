"""One change that an adoption makes: the place, what stands there, what is to stand there.

Values are JSON, None where nothing stands. Written in a record before it is made, a change can be
completed or taken back by whoever reads the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

type Value = Mapping[str, Any] | None

# Stands for the id of our authorizer, which is known only when it is made.
OURS = "<aforo's>"
# Stands for the id of a deployment that is yet to be made.
NEW_DEPLOYMENT: Value = {"deploymentId": "<new>"}


class ChangeKind(StrEnum):
    """In the order in which they are taken back: callers first see what they saw before."""

    METHOD = "authorizer on"
    ANSWER = "gateway response"
    DEPLOYMENT = "deployment of"
    MODE = "stage variable"
    AUTHORIZER = "authorizer"
    PERMISSION = "permission of"
    SUBSCRIPTION = "subscription filter"
    SOURCE = "source"
    ACCESS_LOG = "access log of"
    LOG_GROUP = "log group"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """`target` is all that the writer of this kind needs, beside API and stage, to find the place;
    its `name` is what a person reads.
    """

    kind: ChangeKind
    target: Mapping[str, Any]
    before: Value
    after: Value
    words: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        return f"{self.kind} {self.target['name']}"

    @property
    def place(self) -> tuple[str, str]:
        """Two changes with one place are about the same thing."""
        return self.kind, str(self.target["name"])

    def made(self, value: Value) -> Self:
        """As it stands now that AWS has answered."""
        return replace(self, after=value)

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.name,
            "target": dict(self.target),
            "before": self.before,
            "after": self.after,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """KeyError where it is no change of ours."""
        kind = ChangeKind[found["kind"]]
        return cls(kind, found["target"], found["before"], found["after"])
