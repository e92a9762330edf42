"""The steps of the reconcile state machine that run inside the VPC: a payload comes in, an outcome
that the machine decides on leaves.

Counters that do not answer are an outcome, counted: the next minute asks again. What is raised is a
bug, or a machine that does not fit its functions.
"""

from collections.abc import Mapping
from typing import NamedTuple

from functions.adapters.telemetry import RECONCILE_TROUBLE, Telemetry
from functions.reconciliation.answers import Answers
from functions.reconciliation.applying import Applying
from functions.reconciliation.counters.rollback import RollbackGuard
from functions.reconciliation.due import Due, DueQuestion
from functions.usage.errors import Retryable
from functions.usage.metric import Metric

UNREACHABLE = "counters_unreachable"


class Steps(NamedTuple):
    """One tenant's."""

    due: Due
    applying: Applying
    rollback: RollbackGuard
    telemetry: Telemetry

    def take(self, payload: Mapping[str, object]) -> Mapping[str, object]:
        """`{"due": ...}` or `{"apply": ...}` -> the outcome of that step."""
        # Also where no usage comes: an old copy is not believed for longer than a minute.
        self.rollback.look()
        try:
            if "due" in payload:
                customers = self.due.find(DueQuestion.model_validate(payload["due"]))
                return {"outcome": "found", "customers": customers}
            changed = self.applying.apply(Answers.model_validate(payload["apply"]))
        except Retryable as error:
            self.telemetry.count(Metric.RECONCILE_TROUBLE, reason=UNREACHABLE)
            self.telemetry.log.warning(RECONCILE_TROUBLE, reason=UNREACHABLE, fault=str(error))
            return {"outcome": UNREACHABLE}
        else:
            return {"outcome": "applied", "changed": changed}
