"""What an audit asks of metering: a payload comes in, the question leaves.

`{"awslogs": {...}, "audit": {"fromMs": ..., "toMs": ...}, "replay": {}}`: what would become of the
requests that begin in this window. As with `replay`, CloudWatch Logs writes nothing beside
`awslogs`. The empty `replay` is for a metering that knows no audits, as a rollback brings it back:
it would meter the lines as a delivery, and refuses a replay that is not asked for properly.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from functions.metering.metered_again import ASKED as REPLAY
from functions.metering.metered_again import AUDIT
from functions.usage.from_outside import FromOutside

# Of an execution log the lines reach so much further than the window, on both sides: a request that
# takes less is whole in the lines of the window that it begins in.
BEYOND_MS = 300 * 1000
# The lines of one request lie well within this (as the replay of incomplete requests has it): an
# integration that streams its answer may take 15 minutes.
LONGEST_MS = 15 * 60 * 1000


class AuditQuestion(FromOutside):
    """Epoch milliseconds, `to_ms` not included. `beyond_ms`: how much further the lines reach."""

    model_config = ConfigDict(strict=True)

    from_ms: int = Field(ge=0)
    to_ms: int
    beyond_ms: int = Field(default=BEYOND_MS, ge=0)

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.from_ms >= self.to_ms:
            raise ValueError("toMs must be later than fromMs")
        return self

    def holds(self, first_ms: int) -> bool:
        """Whether a request whose first log event has this time belongs to the window."""
        return self.from_ms <= first_ms < self.to_ms

    def may_have_begun_before(self, first_ms: int) -> bool:
        """Whether a request, the first of whose lines is this, may have lines before all of them:
        then it begins in another window. Before the epoch there is none.
        """
        reads_from = self.from_ms - self.beyond_ms
        return reads_from > 0 and first_ms - LONGEST_MS < reads_from

    def may_go_on_behind(self, first_ms: int) -> bool:
        """Whether a request that began then may have lines behind all of them."""
        return first_ms + LONGEST_MS > self.to_ms + self.beyond_ms


def audit_of(payload: object) -> AuditQuestion:
    """ValueError for one that does not ask properly: its delivery must not be metered."""
    if not isinstance(payload, Mapping) or payload.get(REPLAY, {}) != {}:
        raise ValueError("audit and replay are two questions: ask one of them")
    return AuditQuestion.model_validate(payload.get(AUDIT))
