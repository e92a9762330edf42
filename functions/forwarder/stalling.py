"""What an invocation holds comes in; the stall that tells the counters of it leaves. Pure."""

from collections.abc import Container, Mapping, Sequence

from functions.forwarder.forwarded import Forwarded
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import Held
from functions.usage.stall import StallMessage, both, stalled_since

# Waiting for its own time is no sign that the road is stalled.
_NOT_A_STALL = "future"
# The batch window, 60 s at most, and the function's 120 s. Where much waits, it is received
# later; as late, we assume, as half of the time that it was told to wait.
TRY_SECONDS = 180
LATER_SHARE = 0.5


def is_stalled(one: Forwarded) -> bool:
    """Whether usage of a message waits for anything but its own time."""
    return any(held.reason != _NOT_A_STALL for held in one.held)


def stall_of(
    returning: Sequence[Forwarded],
    unsettled: Container[str],
    seconds: Mapping[str, int],
    now_ms: int,
) -> StallMessage | None:
    """`seconds`: for how long each message waits. None where nothing is stalled."""
    found: StallMessage | None = None
    for one in returning:
        is_unsettled = one.message_id in unsettled
        if is_unsettled or is_stalled(one):
            wait = seconds[one.message_id] * (1 + LATER_SHARE) + TRY_SECONDS
            stall: StallMessage = {
                "version": 1,
                "stalledSinceMs": _since_ms(one, is_unsettled=is_unsettled),
                "stalledUntilMs": now_ms + int(wait * 1000),
            }
            found = both(found, stall)
    return found


def _since_ms(one: Forwarded, *, is_unsettled: bool) -> int:
    moments = (
        epoch_ms_from_iso(event["occurredAt"])
        for event, outcome in zip(one.received.events, one.outcomes, strict=True)
        if is_unsettled or isinstance(outcome, Held)
    )
    return stalled_since(moments, one.received.envelope.sent_at_ms)
