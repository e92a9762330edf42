"""What a grant takes away from its customer when it is stated: why it needs a `--yes`. Pure.

A grant that is stated again has the limit that it says, also where Aforo has said another since:
Aforo is heard again when its figure changes (limit.lua).
"""

from functions.operator.customers.counters_word import CountersWord
from functions.reconciliation.commands import GrantCommand
from functions.usage.period import Period


def taken_away(
    before: GrantCommand | None, after: GrantCommand, counters: CountersWord, now_ms: int
) -> str:
    """Empty: nothing. `before` is what is recorded of the same meter."""
    who, used = after.customer_id, counters.used(after.customer_id, after.meter)
    if after.limit < used:
        return f"limit {after.limit} is below the {used} used"
    if before is None:
        return ""
    stands = counters.limit(who, after.meter)
    if after.limit == used and after.limit < (before.limit if stands is None else stands):
        return f"limit {after.limit} is used up already"
    if after.window and not _is_running(after, now_ms):
        return "no window of it is now: its calls are refused"
    return lowered(before, after, counters)


def lowered(before: GrantCommand, after: GrantCommand, counters: CountersWord) -> str:
    """Where Aforo has raised the limit since."""
    who, meter = after.customer_id, after.meter
    stands = counters.limit(who, meter)
    is_month = before.period is Period.MONTH is after.period
    if not is_month or stands is None or stands <= after.limit or stands == before.limit:
        return ""
    if counters.version(who, f"grant {meter}") != before.version:
        return ""  # the limit of an older grant, or of somebody who was later
    return f"limit {stands} is in force, by Aforo: it becomes {after.limit}"


def _is_running(grant: GrantCommand, now_ms: int) -> bool:
    windows = (grant.window, grant.upcoming)
    return any(one.start_ms <= now_ms < one.end_ms for one in windows if one)
