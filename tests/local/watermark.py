"""How far counting has come in a local cloud, as the authorizer reads it."""

from collections.abc import Mapping
from typing import cast

from redis import Redis

from functions.usage.quota import watermark_key
from tests.local.endpoints import Endpoints


def watermark(endpoints: Endpoints) -> Mapping[str, str]:
    """The time of the newest heartbeat that was counted, by log group, epoch milliseconds."""
    with Redis.from_url(endpoints.redis_url, decode_responses=True) as client:
        return cast("dict[str, str]", client.hgetall(watermark_key(endpoints.tenant_id)))
