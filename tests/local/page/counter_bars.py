"""The counters in Redis come in; what each customer used of its limit leaves. It reads only."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from functions.reconciliation.inspection import Inspection, Inspector
from functions.usage.quota import customer_index_key
from tests.local.customers import METER
from tests.local.page.glance import CustomerBar

if TYPE_CHECKING:
    from redis import Redis

MOST_CUSTOMERS = 12  # more do not fit a page that is to be understood in seconds


def counter_bars(client: "Redis", tenant: str, first: Iterable[str]) -> Iterator[CustomerBar]:
    """The demo's customers, then others by name."""
    inspector = Inspector(client, tenant, lambda: time.time_ns() // 1_000_000)
    others = cast("list[str]", client.zrange(customer_index_key(tenant), 0, 4 * MOST_CUSTOMERS))
    for customer in list(dict.fromkeys([*first, *sorted(others)]))[:MOST_CUSTOMERS]:
        found = inspector.inspect(Inspection(customerId=customer, meter=METER))
        used, limit, left = (_whole(found[name]) for name in ("used", "limit", "remaining"))
        status = found["status"]
        yield CustomerBar(customer, used, limit, left, None if status is None else str(status))


def _whole(found: object) -> int | None:
    return found if isinstance(found, int) else None
