"""Heartbeats of a local cloud: how far counting has come."""

from collections.abc import Mapping
from typing import cast

from redis import Redis

from functions.usage.quota import watermark_key
from tests.local.endpoints import Endpoints


def watermark(endpoints: Endpoints) -> Mapping[str, str]:
    """How far counting has come, by log group, epoch milliseconds."""
    with Redis.from_url(endpoints.redis_url, decode_responses=True) as client:
        return cast("dict[str, str]", client.hgetall(watermark_key(endpoints.tenant_id)))
