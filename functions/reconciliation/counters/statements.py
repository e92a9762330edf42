"""What is stated of customers and the tenant: grants, standing, identities, revocations, keys.

Guaranteed: statements may be repeated and reordered; of one thing's statements the greatest version
stands, of revocations the longest. A grant finds the usage that came before it. The watermark of a
log group, the newest heartbeat of it that was counted, never goes back.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast

from redis import Redis

from functions.reconciliation.counters.customer_index import CustomerIndex
from functions.reconciliation.counters.redis_scripts import (
    Call,
    Script,
    plain_commands,
    run,
    run_one,
)
from functions.reconciliation.counters.statement_calls import StatementCalls
from functions.usage.errors import Retryable
from functions.usage.mark import hours_key
from functions.usage.moment import DAY_MS
from functions.usage.quota import rebuild_key, state_key, tenant_key, watermark_key

# CloudWatch Logs tries a delivery for a day: what a silent source logged before has come by then,
# or never will. Held for longer, one dead source would tighten every quota for ever.
SILENT_MS = DAY_MS
# No log group's name has a colon. Stalls that end within a minute share a field: few are read.
_STALL, _STALL_MS = "stall:", 60_000


class Watermark:
    """One tenant's. Every method raises Retryable when the counters do not answer."""

    def __init__(self, client: Redis, tenant: str) -> None:
        self._client = client
        self._key = watermark_key(tenant)
        self._silent_key = tenant_key(tenant, "silent-sources")

    def advance(self, log_group: str, at_ms: int) -> bool:
        """A heartbeat of `at_ms` has arrived; False when a newer one already had."""
        call = Call(Script.ADVANCE, [self._key], [log_group, at_ms, _STALL])
        return run_one(self._client, call) == 1

    def hold_back(self, since_ms: int, until_ms: int) -> None:
        """Usage since `since_ms` waits: the watermark is no younger until a heartbeat has arrived
        that was put after `until_ms`. Not by a clock: while nothing passes, nothing is over.

        A field beside the groups', so that whoever reads their least reads it too; also before the
        first of them is heard or listed. Where no group is listed, `keep_only` forgets it.
        """
        field = f"{_STALL}{-(-until_ms // _STALL_MS) * _STALL_MS}"
        run_one(self._client, Call(Script.HOLD_BACK, [self._key], [field, since_ms]))

    def oldest(self) -> int:
        """The time up to which all is said to be counted, epoch milliseconds; 0: none is said."""
        with plain_commands():
            told = cast("list[str]", self._client.hvals(self._key))
        return min(map(int, told), default=0)

    def keep_only(self, log_groups: Sequence[str], start_ms: int) -> Mapping[str, int]:
        """The time of each of `log_groups`, and no other group any more; and what holds them back.

        One that is new begins at `start_ms`, so that a group from which no heartbeat ever comes
        grows old like one from which none comes any more; where all stand still, with the newest of
        them, so that it hides nothing. One that stays `SILENT_MS` behind the newest holds the lag
        no longer: it leaves the watermark, and is remembered beside it until it is heard again.
        """
        with plain_commands():
            heard = cast("dict[str, str]", self._client.hgetall(self._key))
            silent = cast("dict[str, str]", self._client.hgetall(self._silent_key))
            said = silent | heard
            known = {group: int(said[group]) for group in log_groups if group in said}
            newest = max(known.values(), default=start_ms)
            times = {group: known.get(group, min(start_ms, newest)) for group in log_groups}
            fallen = {group for group, at_ms in times.items() if at_ms < newest - SILENT_MS}
            pipeline = self._client.pipeline(transaction=False)
            for group in log_groups:
                if group in fallen:
                    # Remembered first: dead between the two, it is found in both the next minute.
                    pipeline.hset(self._silent_key, group, str(times[group]))
                elif group not in heard:
                    pipeline.hsetnx(self._key, group, str(times[group]))
            stalls = [name for name in heard if name.startswith(_STALL)] if log_groups else []
            gone = set(heard) - {*log_groups, *stalls}
            if leaving := (gone | fallen) & set(heard):
                pipeline.hdel(self._key, *leaving)
            if returned := set(silent) - fallen:
                pipeline.hdel(self._silent_key, *returned)
            pipeline.execute()
        return times | {name: int(heard[name]) for name in stalls}


# A statement takes some 20 us at the server, a hundredth of a script that settles.
STATEMENTS_PER_ROUND_TRIP = 100
# Who rebuilds waits for the parts for minutes, or starts another rebuild.
REBUILD_SECONDS = 24 * 3600


class Statements:
    """The writer of one tenant's statements. Every method raises Retryable when nobody can tell
    what is in force now.
    """

    def __init__(self, client: Redis, tenant: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._tenant = tenant
        self._clock = clock
        self._index = CustomerIndex(client, tenant)
        self.calls = StatementCalls(tenant)

    def make(self, calls: Sequence[Call], news_of: Collection[str]) -> list[bool | Retryable]:
        """Of each statement: True when it is now in force, False when it or a later one already
        was. Aforo is asked about the customers `news_of` in the next reconcile.
        """
        # First: a customer in the index without a grant is passed over, a grant of a customer that
        # is not in it would never be compared with Aforo.
        self._index.put_first(news_of)
        answers = run(self._client, calls, STATEMENTS_PER_ROUND_TRIP)
        return [one if isinstance(one, Retryable) else one == 1 for one in answers]

    def limit(self, customer_id: str, meter: str, asked_ms: int, limit: int) -> bool:
        """What Aforo says a month's limit is; False when that is no news, or no month's grant."""
        keys = [state_key(self._tenant, customer_id), hours_key(self._tenant, customer_id, meter)]
        call = Call(Script.LIMIT, keys, [meter, asked_ms, self._clock(), limit])
        return run_one(self._client, call) == 1

    def note_part(self, rebuild: int, part: int) -> bool:
        """A part of a rebuild is done; False: it was before."""
        call = Call(Script.NOTE_PART, [rebuild_key(self._tenant, rebuild)], [part, REBUILD_SECONDS])
        return run_one(self._client, call) == 1
