"""A Redis that takes connections and answers nothing: what a caller waits for."""

import socket
import threading
import time
from contextlib import closing

import pytest

from functions.authorizer import redis_connection
from functions.authorizer.handler import answer, authorizer_for, link_to
from functions.authorizer.settings import read_settings
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.silent_server import listening
from tests.integration.authorizer.conftest import environment_at

# What docs/explanation/quota.md promises: "Redis down, slow (50 ms)".
STATED_SECONDS = 0.05
# Sixty times as much: a machine that is busy for so long between two lines fails everything.
RELEASE_SECONDS = 3.0


def test_a_hung_redis_costs_a_caller_fifty_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """All waits of one request together stay below three times that, and the decision is there
    before the server says its first word.
    """
    waits: list[float] = []
    wait = redis_connection._wait

    def noting(ready: object, deadline: float) -> None:
        waits.append(deadline - time.monotonic())
        wait(ready, deadline)  # type: ignore[arg-type]

    monkeypatch.setattr(redis_connection, "_wait", noting)
    released = threading.Event()

    def hangs(connection: socket.socket, stopped: threading.Event) -> None:
        if not stopped.wait(RELEASE_SECONDS):
            released.set()
            connection.sendall(b":1\r\n*-1\r\n")

    with listening(hangs) as port:
        settings = read_settings(environment_at(f"redis://127.0.0.1:{port}/0", "acme"))
        with closing(link_to(settings)) as link:
            authorizer = authorizer_for(settings, link, time.time)
            policy = answer(authorizer_event("Bearer sk_live_1"), lambda: authorizer)
            was_released = released.is_set()
    assert policy["context"]["code"] == "IDENTITY_UNKNOWN"
    assert not was_released
    assert waits
    assert sum(waits) <= 3 * STATED_SECONDS
