"""How far counting has come in a local cloud, as the authorizer reads it."""

from collections.abc import Mapping
from typing import cast

from redis import Redis

from functions.usage.quota import watermark_key
from tests.local.endpoints import Endpoints

STALL_PREFIX = "stall:"  # docs/explanation/architecture.md, The heartbeat


def watermark(endpoints: Endpoints) -> Mapping[str, str]:
    """The time of the newest heartbeat that was counted, by log group, epoch milliseconds. The
    stalls beside them are none: usage that waits after an outage says so until it has arrived.
    """
    with Redis.from_url(endpoints.redis_url, decode_responses=True) as client:
        found = cast("dict[str, str]", client.hgetall(watermark_key(endpoints.tenant_id)))
    return {field: at for field, at in found.items() if not field.startswith(STALL_PREFIX)}
