"""What the functions of the replay read from their environments; the one that asks Aforo has more
(functions.replay.queue_round_settings).
"""

from pydantic import Field

from functions.adapters.settings import Settings
from functions.replay.report_part import EVENTS_OF_A_PART
from functions.replay.round_decision import MOST_ROUNDS


class StartSettings(Settings):
    """What to count, and where decisions stand."""

    usage_dead_letter_queue_url: str
    counter_dead_letter_queue_url: str
    quarantine_bucket: str
    ledger_bucket: str


class QuarantineRoundSettings(Settings):
    """Where the quarantine stands, who meters, and where the manifests and the ledger stand."""

    quarantine_bucket: str
    metering_function_arn: str
    ledger_bucket: str
    rounds_of_an_execution: int = Field(gt=0, le=MOST_ROUNDS)


class ReportSettings(Settings):
    """Where the ledger stands, and the queue to which held messages are given back."""

    ledger_bucket: str
    usage_dead_letter_queue_url: str
    counter_dead_letter_queue_url: str
    dedup_window_seconds: int = Field(gt=0)  # how long Aforo remembers an event's key
    events_of_a_part: int = Field(gt=0, le=EVENTS_OF_A_PART)
