"""A connection asks the server for nothing but what the counters need: which commands a managed
service answers, and how it ends those that it does not, is its own affair.
"""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as LostConnection

from functions.reconciliation.counters.redis_scripts import Call, Script, connect, run_one
from tests.fakes.strict_proxy import StrictProxy
from tests.local.valkey import Valkey


@pytest.fixture
def proxy(valkey: Valkey) -> Iterator[StrictProxy]:
    strict = StrictProxy(valkey.port)
    yield strict
    strict.close()


def test_a_server_that_ends_what_it_does_not_know_is_written_to(proxy: StrictProxy) -> None:
    """No HELLO, no CLIENT: RESP2, and no notice of maintenance."""
    with connect(proxy.url) as client:
        advance = Call(Script.ADVANCE, ["strict-watermark"], ["/log/group", 2, "stall:"])
        assert run_one(client, advance) == 1
        assert client.hgetall("strict-watermark") == {"/log/group": "2"}
    assert proxy.refused == []


def test_redis_py_by_itself_asks_for_more(proxy: StrictProxy) -> None:
    """That is why it is told not to."""
    with Redis.from_url(proxy.url) as client, pytest.raises(LostConnection):
        client.ping()
    assert set(proxy.refused) == {"HELLO 3"}
