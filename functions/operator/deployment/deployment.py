"""A deployed stack, or the running local cloud, as a command finds it: by the stack's outputs."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.usage.errors import Permanent


class TargetError(Permanent):
    """What was asked for is not there; the message says what to give."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where everything of a deployment is. `lack` says what it means that an output is missing;
    `stack` is the stack's name, None where nobody says it.
    """

    region: str | None
    outputs: Mapping[str, str]
    lack: str
    stack: str | None = None
    is_local: bool = False

    @property
    def name(self) -> str:
        """In a sentence."""
        if self.is_local:
            return "the local cloud"
        return f"stack {self.stack}" if self.stack else "the deployment"

    def output(self, name: str) -> str:
        """TargetError where it has none of that name."""
        try:
            return self.outputs[name]
        except KeyError:
            raise TargetError(f"{self.lack}: no output {name}") from None


def account_of(arn: str) -> str:
    """All of a stack is in one account; an execution log does not say in which."""
    return "".join(arn.split(":")[4:5])
