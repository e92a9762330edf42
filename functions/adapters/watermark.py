"""How far counting has come: for each metered log group, the newest heartbeat that was counted.

Guaranteed: a group's time never goes back, in whatever order heartbeats arrive. The authorizer
reads the oldest of these times: usage since then may not be counted yet (DESIGN.md 8).
"""

from collections.abc import Mapping, Sequence
from typing import cast

from redis import Redis

from functions.adapters.redis_scripts import Call, Script, plain_commands, run_one
from functions.usage.quota import watermark_key


class Watermark:
    """One tenant's. Every method raises Retryable when the counters do not answer."""

    def __init__(self, client: Redis, tenant: str) -> None:
        self._client = client
        self._key = watermark_key(tenant)

    def advance(self, log_group: str, at_ms: int) -> bool:
        """A heartbeat of `at_ms` has arrived; False when a newer one already had."""
        call = Call(Script.ADVANCE, [self._key], [log_group, at_ms])
        return run_one(self._client, call) == 1

    def keep_only(self, log_groups: Sequence[str], start_ms: int) -> Mapping[str, int]:
        """The time of each of `log_groups`, and no other group any more.

        One that is new begins at `start_ms`, so that a group from which no heartbeat ever comes
        grows old like one from which none comes any more.
        """
        with plain_commands():
            known = cast("dict[str, str]", self._client.hgetall(self._key))
            pipeline = self._client.pipeline(transaction=False)
            for group in log_groups:
                if group not in known:
                    pipeline.hsetnx(self._key, group, str(start_ms))
            if gone := set(known) - set(log_groups):
                pipeline.hdel(self._key, *gone)
            pipeline.execute()
        return {group: int(known.get(group, start_ms)) for group in log_groups}
