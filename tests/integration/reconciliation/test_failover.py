"""A server says that a connection is of no more use: the connection ends, and the call is made once
more on a new one. Real Valkeys; the endpoint moves as a managed one does.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from functions.reconciliation.counters.redis_scripts import Call, Script, connect, run, run_one
from functions.reconciliation.counters.statements import Watermark
from functions.usage.errors import Retryable
from tests.fakes.moving_endpoint import MovingEndpoint
from tests.local.valkey import Valkey, start_valkey


@dataclass(frozen=True)
class Pair:
    """The server in use, the one that is promoted, the endpoint, and a client that is connected."""

    old: Valkey
    new: Valkey
    endpoint: MovingEndpoint
    client: Redis

    def fail_over(self) -> None:
        """The endpoint leads to the new server; the old one is a replica and keeps its clients."""
        self.endpoint.move_to(self.new.port)
        with Redis.from_url(self.old.url) as old:
            old.replicaof("127.0.0.1", self.new.port)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """The client has made a call already: it holds a connection to the old server."""
    with ExitStack() as stack:
        # The replica is stopped first: a primary waits for its replicas before it ends.
        new = stack.enter_context(start_valkey(tmp_path / "new"))
        old = stack.enter_context(start_valkey(tmp_path / "old"))
        endpoint = MovingEndpoint(old.port)
        stack.callback(endpoint.close)
        client = stack.enter_context(connect(endpoint.url))
        assert advance(client, 1) == 1
        yield Pair(old, new, endpoint, client)


def advance(client: Redis, at_ms: int) -> object:
    return run_one(client, Call(Script.ADVANCE, ["watermark"], ["/log/group", at_ms, "stall:"]))


def test_what_a_replica_refuses_is_written_to_the_server_that_was_promoted(pair: Pair) -> None:
    """READONLY is no answer of the counters: the very same call is made once more."""
    pair.fail_over()
    assert advance(pair.client, 2) == 1
    with Redis.from_url(pair.new.url, decode_responses=True) as new:
        assert new.hgetall("watermark") == {"/log/group": "2"}


def test_every_call_of_a_round_trip_reaches_the_new_server(pair: Pair) -> None:
    """Each has an answer of its own, none is lost and none counts twice."""
    pair.fail_over()
    calls = [Call(Script.ADVANCE, [f"w{n}"], ["g", 5, "stall:"]) for n in range(30)]
    assert run(pair.client, calls) == [1] * 30
    with Redis.from_url(pair.new.url) as new:
        assert new.dbsize() == 30


def test_a_command_that_is_no_script_moves_too(pair: Pair) -> None:
    """The watermark is kept with plain commands."""
    pair.fail_over()
    assert Watermark(pair.client, "tenant").keep_only(["/g"], 7) == {"/g": 7}
    with Redis.from_url(pair.new.url) as new:
        assert new.dbsize() == 1


def restricted(server: Valkey) -> None:
    with Redis.from_url(server.url) as admin:
        admin.config_set("requirepass", "made-up")


def masterless(server: Valkey) -> None:
    """A replica that has lost its master and may not answer from what it has: MASTERDOWN."""
    with Redis.from_url(server.url) as admin:
        admin.config_set("replica-serve-stale-data", "no")
        admin.replicaof("127.0.0.1", 9)  # nothing listens at the discard port


@pytest.mark.parametrize("spoil", [restricted, masterless])
def test_other_words_of_a_server_that_is_of_no_use_move_as_well(
    pair: Pair, spoil: Callable[[Valkey], None]
) -> None:
    """NOAUTH for a client that never signed in, MASTERDOWN: the endpoint is asked anew."""
    pair.endpoint.move_to(pair.new.port)
    spoil(pair.old)
    if spoil is restricted:
        kill_sign_in(pair)
    assert advance(pair.client, 3) == 1
    with Redis.from_url(pair.new.url, decode_responses=True) as new:
        assert new.hgetall("watermark") == {"/log/group": "3"}


def kill_sign_in(pair: Pair) -> None:
    """A connection made before the password stays signed in: RESET makes it a stranger."""
    assert pair.client.execute_command("RESET") == "RESET"  # type: ignore[no-untyped-call]


def test_where_the_endpoint_still_leads_to_the_replica_the_call_can_be_tried_again(
    pair: Pair,
) -> None:
    """Once more and no more: then it is Retryable, and the message waits."""
    with Redis.from_url(pair.old.url) as old:
        old.replicaof("127.0.0.1", pair.new.port)
    with pytest.raises(Retryable, match="read only"):
        advance(pair.client, 4)
    pair.endpoint.move_to(pair.new.port)
    assert advance(pair.client, 5) == 1
