"""Which stages of the account are metered: those of the stack's own API, and those that a source of
the configuration names. An API of another team is served beside them and billed by nobody.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.operator.configuration_commands.configuration_store import open_store
from functions.operator.deployment.deployment import Deployment

READ_AGAIN_SECONDS = 10.0  # a stage that is adopted shows as soon


@dataclass
class MeteredStages:
    """`sources` are those of the configuration in force."""

    own_apis: frozenset[str]
    sources: Callable[[], tuple[SourceDeclaration, ...]]
    clock: Callable[[], float] = time.monotonic
    _declared: set[tuple[str, str]] = field(default_factory=set)
    _read_at: float | None = None

    def has(self, api_id: str, stage: str) -> bool:
        """The configuration is asked again, now and then, about a stage that is not in it."""
        if api_id in self.own_apis or (api_id, stage) in self._declared:
            return True
        now = self.clock()
        if self._read_at is None or now - self._read_at >= READ_AGAIN_SECONDS:
            self._read_at = now
            metered = [one.metered_stage for one in self.sources()]
            self._declared = {(one.api_id, one.stage) for one in metered if one}
        return (api_id, stage) in self._declared


def sources_of(deployment: Deployment) -> tuple[SourceDeclaration, ...]:
    """By the list that metering itself uses."""
    return open_store(deployment).in_force().configuration.sources
