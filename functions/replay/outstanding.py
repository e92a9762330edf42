"""What a move sent and the ledger does not have yet: manifests and ledger rows come in, a number
leaves. It reads and changes nothing.
"""

from datetime import timedelta

from functions.adapters.ledger import Ledger, replay_prefix
from functions.replay.manifest import Manifests
from functions.replay.progress import UnsettledMove

# S3's LastModified against a Lambda's clock.
CLOCKS_DIFFER = timedelta(seconds=60)


class OutstandingEvents:
    """Counts for one replay: the ledger has a row of each event that the forwarder confirmed or set
    aside.
    """

    def __init__(self, ledger: Ledger, manifests: Manifests, replay_id: str) -> None:
        self._ledger = ledger
        self._manifests = manifests
        self._prefix = replay_prefix(replay_id)

    def of(self, move: UnsettledMove) -> int:
        """Rows written before the move began are not of its events: they are not read again."""
        sent = {row["key"] for row in self._manifests.sent(move.move_id)}
        if not sent:
            return 0
        rows = self._ledger.read(self._prefix, move.started_at - CLOCKS_DIFFER)
        return len(sent.difference(row["key"] for row in rows))
