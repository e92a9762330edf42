"""Since when Aforo may have the events of a message without our knowing: its history comes in, a
time or None leaves. Pure.

What the forwarder will judge by (docs/decisions/0003-doubt.md), so that a dry run can say what
would need a decision. The forwarder alone decides. It knows of the doubts of the ledger too, as a
dry run does (functions.replay.bill).
"""

from functions.usage.doubt import earliest, recorded_doubt_ms
from functions.usage.message import UsageMessage


def maybe_billed_since_ms(back: UsageMessage) -> int | None:
    """The earliest doubt in the history of a message that is put back, epoch milliseconds."""
    if back.get("decided"):
        return None
    return earliest(*map(recorded_doubt_ms, back.get("history", [])))
