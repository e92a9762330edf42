"""Where an audit ends though there is more to do, and how long it waits. Pure.

Guaranteed, whatever is found: the last of at most MOST_CALLS rounds says `finished` or `stopped`.
"""

from functions.audit.repair.audit_progress import AuditProgress
from functions.usage.moment import HOUR_MS

# The execution's history has room for them (statemachine/audit.asl.yaml).
MOST_CALLS = 2_400
# Of them those that compare: 900 are left for what was sent, a minute each.
MOST_COMPARING_CALLS = 1_400
# All keys that were sent are held at once, while the ledger is searched for them: 200 MB.
MOST_EVENTS = 1_000_000
# The hold, after which the forwarder sets aside what Aforo did not take (14 h), and an hour.
LONGEST_WAIT_SECONDS = 15 * 3_600
# A round of the first phase begins within these, then there is the longest wait once more.
MOST_COMPARING_HOURS = 30
MOST_HOURS = 46
# Somebody who does not answer: an hour of it is no hiccup.
LONGEST_RETRY_SECONDS = 3_600
ROAD, QUEUE, LEDGER, RETRY = "road", "queue", "ledger", "retry"
# A fifth of a window of 5 minutes is a minute: where windows are seconds, as in a demo, so are
# waits.
_SHARES = {ROAD: 5, QUEUE: 10, LEDGER: 5, RETRY: 5}
_FIRST_LEDGER_SHARE = 15
LONGEST_SECONDS = 60
# Of a hundred sources: a Fail state takes 32,768 characters of a cause, and a person some lines.
MOST_FAULTS = 5
MOST_WORDS = 300  # of one of them


def wait_seconds(why: str, window_seconds: int, waited: int) -> int:
    """A minute for the road, half of one for UsageQueue; for the ledger 20 s that grow to 60."""
    longest = max(1, min(LONGEST_SECONDS, window_seconds // _SHARES[why]))
    if why == LEDGER:
        first = max(1, min(longest, window_seconds // _FIRST_LEDGER_SHARE))
        return min(longest, first + waited // 10)
    return longest


def reached_bound(progress: AuditProgress, elapsed_ms: int) -> str:
    """Why no window may be compared any more; empty while one may. What was sent is still waited
    for.
    """
    if progress.events >= MOST_EVENTS:
        return f"{progress.events} events are enough for one audit"
    if progress.calls >= MOST_COMPARING_CALLS:
        return f"{progress.calls} rounds are used up"
    if elapsed_ms > MOST_COMPARING_HOURS * HOUR_MS:
        return f"{MOST_COMPARING_HOURS} hours are used up"
    if progress.waited.get(ROAD, 0) >= LONGEST_WAIT_SECONDS:
        return (
            f"for {LONGEST_WAIT_SECONDS // 3_600} hours usage as old as the window was under way: "
            "see UsageQueue and the forwarder"
        )
    return ""


def reached_end(progress: AuditProgress, elapsed_ms: int) -> str:
    """Why the audit must end at once; empty while it need not."""
    if progress.calls > MOST_CALLS - 1:
        return f"{progress.calls} rounds are used up"
    if elapsed_ms > MOST_HOURS * HOUR_MS:
        return f"{MOST_HOURS} hours are used up"
    return ""


def what_failed(progress: AuditProgress) -> str:
    """Why an audit at its end did not do all of it; empty if it did."""
    faults = [one for one in (progress.cut, *progress.unread.values()) if one]
    rest = len(faults) - MOST_FAULTS
    more = [f"and {rest} more sources: unread in the report"] if rest > 0 else []
    return "; ".join([*faults[:MOST_FAULTS], *more])
