"""Whom to ask Aforo about next: the customers with a grant, by when they were last asked about.

A sorted set of the tenant's, beside the customers' own keys and not in their slot: each command
stands alone, and whatever a crash leaves is put right within a round.
"""

from collections.abc import Collection, Mapping
from typing import cast

from redis import Redis

from functions.reconciliation.counters.redis_scripts import plain_commands
from functions.usage.quota import customer_index_key


class CustomerIndex:
    """One tenant's. Every method raises Retryable when the counters do not answer."""

    def __init__(self, client: Redis, tenant: str) -> None:
        self._client = client
        self._key = customer_index_key(tenant)

    def put_first(self, customers: Collection[str]) -> None:
        """To be asked about next: there is news of these customers."""
        if customers:
            with plain_commands():
                self._client.zadd(self._key, dict.fromkeys(customers, 0))

    def longest_unasked(self, most: int, until_ms: int) -> list[str]:
        """At most so many customers, the longest unasked first; none put off beyond `until_ms`."""
        with plain_commands():
            found = self._client.zrangebyscore(self._key, "-inf", until_ms, start=0, num=most)
        return cast("list[str]", found)

    def put_in_line(self, places: Mapping[str, int]) -> None:
        """Each customer's place: when it was, or counts as, asked about, epoch milliseconds."""
        if places:
            with plain_commands():
                self._client.zadd(self._key, dict(places))
