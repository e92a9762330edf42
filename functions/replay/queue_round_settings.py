"""What the round of the queues reads from its environment. A module of its own: the others neither
talk to Aforo nor import its client.
"""

from pydantic import Field

from functions.adapters.aforo_signing import SignedSettings
from functions.replay.round_decision import MOST_ROUNDS


class QueueRoundSettings(SignedSettings):
    """From which queue, to which, where the manifests and the ledger stand, and whom to ask first,
    as whom.
    """

    usage_queue_url: str
    usage_dead_letter_queue_url: str
    settled_usage_queue_url: str
    counter_dead_letter_queue_url: str
    ledger_bucket: str
    claim_seconds: int = Field(gt=0)  # from a receive to the delete of the same claim
    rounds_of_an_execution: int = Field(gt=0, le=MOST_ROUNDS)
    aforo_base_url: str
    aforo_allowed_hosts: str  # comma-separated
    aforo_tenant_id: str
    aforo_secret_arn: str

    @property
    def allowed_hosts(self) -> list[str]:
        return self.aforo_allowed_hosts.split(",")
