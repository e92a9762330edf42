"""A deployed stack, or the running local cloud, as a command finds it: by the stack's outputs."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.usage.errors import Permanent


class TargetError(Permanent):
    """What was asked for is not there; the message says what to give."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where everything of a deployment is. `lack` says what it means that an output is missing."""

    region: str | None
    outputs: Mapping[str, str]
    lack: str

    def output(self, name: str) -> str:
        """TargetError where it has none of that name."""
        try:
            return self.outputs[name]
        except KeyError:
            raise TargetError(f"{self.lack}: no output {name}") from None
