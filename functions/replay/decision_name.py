"""Where the decision of a replay stands: what its start reads, and a person's command puts.

Standard library only: `--help` of that command loads it.
"""


def decision_key(replay_id: str) -> str:
    """In the ledger's bucket."""
    return f"decisions/{replay_id}.json"
