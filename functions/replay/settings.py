"""What the functions of the replay read from their environments."""

from pydantic import Field

from functions.adapters.aforo_http import KeyHeader
from functions.adapters.settings import Settings


class ProbeSettings(Settings):
    """Whom to ask, and as whom."""

    aforo_base_url: str
    aforo_allowed_hosts: str  # comma-separated
    aforo_tenant_id: str
    aforo_secret_arn: str
    aforo_key_header: KeyHeader = KeyHeader.AUTHORIZATION

    @property
    def allowed_hosts(self) -> list[str]:
        return self.aforo_allowed_hosts.split(",")


class MoveSettings(Settings):
    """From which queue, to which, and where the manifests stand."""

    usage_queue_url: str
    usage_dead_letter_queue_url: str
    settled_usage_queue_url: str
    counter_dead_letter_queue_url: str
    ledger_bucket: str
    claim_seconds: int = Field(gt=0)  # from a receive to the delete of the same claim


class MeterAgainSettings(Settings):
    """Where the quarantine stands, who meters, and where the manifests stand."""

    quarantine_bucket: str
    metering_function_arn: str
    ledger_bucket: str


class ReportSettings(Settings):
    """Where the ledger stands, and the queue to which held messages are given back."""

    ledger_bucket: str
    usage_dead_letter_queue_url: str
    counter_dead_letter_queue_url: str
    dedup_window_seconds: int = Field(gt=0)  # how long Aforo remembers an event's key
