"""What the functions of the audit read from their environments."""

from pydantic import Field

from functions.adapters.settings import Settings
from functions.audit.counting.due_windows import WindowPlan


class AuditSettings(Settings):
    """Whom the audit asks, and how long its windows are."""

    metering_function_arn: str
    ledger_bucket: str
    quarantine_bucket: str
    usage_queue_url: str
    hold_seconds: int = Field(gt=0)  # the forwarder's: how long usage may wait
    dedup_window_seconds: int = Field(gt=0)  # how long Aforo remembers an event's key
    audit_window_seconds: int = Field(gt=0)
    audit_delay_seconds: int = Field(ge=0)  # after a window's end: its deliveries have come by then
    audit_shards: int = Field(gt=0, le=256)
    aws_region: str = ""  # set by the Lambda runtime: quotas are a Region's

    @property
    def plan(self) -> WindowPlan:
        return WindowPlan(
            self.audit_window_seconds,
            self.audit_delay_seconds,
            self.audit_shards,
            self.dedup_window_seconds,
        )


class CountSettings(AuditSettings):
    """The count starts repairs, too."""

    audit_state_machine_arn: str
