"""What `functions.audit.step` reads from its environment."""

from pydantic import Field

from functions.adapters.settings import Settings


class StepSettings(Settings):
    """Who meters, where ledger, quarantine and usage stand, and how windows are made."""

    metering_function_arn: str
    ledger_bucket: str
    quarantine_bucket: str
    usage_queue_url: str
    hold_seconds: int = Field(gt=0)  # how long the forwarder holds usage
    dedup_window_seconds: int = Field(gt=0)  # how long Aforo remembers an event's key
    audit_window_seconds: int = Field(gt=0)
    audit_delay_seconds: int = Field(ge=0)
    audit_shards: int = Field(gt=0)
