"""A Redis that takes connections and answers nothing: what a caller waits for."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import hiredis
import pytest

from functions.authorizer import read_time, redis_connection
from functions.authorizer.authorize import Authorizer
from functions.authorizer.handler import answer, authorizer_for, link_to
from functions.authorizer.settings import read_settings
from functions.usage.metric import Metric
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.silent_server import Speak, listening, says_nothing
from tests.fakes.token_issuer import CUSTOMER
from tests.integration.authorizer.conftest import environment_at

# What docs/explanation/quota.md promises: "Redis down, slow (50 ms)".
STATED_SECONDS = 0.05
# Sixty times as much: a machine that is busy for so long between two lines fails everything.
RELEASE_SECONDS = 3.0
# What it promises of the first decision of a process.
FIRST_STATED_SECONDS = 1.0


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each wait for the socket could have been."""
    found: list[float] = []
    wait = redis_connection._wait

    def noting(ready: object, deadline: float) -> None:
        found.append(deadline - time.monotonic())
        wait(ready, deadline)  # type: ignore[arg-type]

    monkeypatch.setattr(redis_connection, "_wait", noting)
    return found


@contextmanager
def authorizer_at(speak: Speak) -> Iterator[Authorizer]:
    """A new process's, whose Redis speaks so."""
    with listening(speak) as port:
        settings = read_settings(environment_at(f"redis://127.0.0.1:{port}/0", "acme"))
        with closing(link_to(settings)) as link:
            yield authorizer_for(settings, link, time.time)


def ask(authorizer: Authorizer, key: str = "sk_live_1") -> object:
    policy = answer(authorizer_event(f"Bearer {key}"), lambda: authorizer)
    return policy["context"].get("code", "Allow")


def hangs_after(answers: int, released: threading.Event) -> Speak:
    """Answers so many pipelines as a store with one API key and its customer, then none."""
    identity = [CUSTOMER, "acme", "key-9", "live", "", "", ""]

    def speak(connection: socket.socket, stopped: threading.Event) -> None:
        commands = hiredis.Reader()
        left = answers
        while left and (asked := connection.recv(65_536)):
            commands.feed(asked)
            while command := commands.gets():
                connection.sendall(_reply(command, identity))
            left -= 1
        if not stopped.wait(RELEASE_SECONDS):
            released.set()
            connection.sendall(b":1\r\n*-1\r\n")

    return speak


def _reply(command: list[bytes], identity: list[str]) -> bytes:
    match command[0]:
        case b"GET":
            return b":1\r\n"
        case b"HMGET" if b":identity:" in command[1]:
            texts = [text.encode() for text in identity]
            return b"*7\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(text), text) for text in texts)
        case b"HMGET":
            return b"*%d\r\n" % (len(command) - 2) + b"$-1\r\n" * (len(command) - 2)
        case b"EXISTS":
            return b":0\r\n"
        case _:
            return b"*0\r\n"


def test_a_hung_redis_costs_a_caller_fifty_milliseconds(waits: list[float]) -> None:
    """After a first decision: all waits of one request together stay below three times that, and
    the decision is there before the server says its next word.
    """
    released = threading.Event()
    with authorizer_at(hangs_after(2, released)) as authorizer:
        assert ask(authorizer) == "NO_GRANT"
        waits.clear()
        assert ask(authorizer, "sk_live_2") == "IDENTITY_UNKNOWN"
        was_released = released.is_set()
    assert not was_released
    assert waits
    assert sum(waits) <= 3 * STATED_SECONDS


def test_a_new_process_waits_once_for_a_redis_that_hangs(waits: list[float]) -> None:
    """Its first decision has a second, and ends by then; those of the next 30 s have 50 ms."""
    with authorizer_at(says_nothing) as authorizer:
        assert ask(authorizer) == "IDENTITY_UNKNOWN"
        assert FIRST_STATED_SECONDS / 2 < max(waits) <= FIRST_STATED_SECONDS
        waits.clear()
        assert ask(authorizer, "sk_live_2") == "IDENTITY_UNKNOWN"
    assert waits
    assert sum(waits) <= 3 * STATED_SECONDS


def test_a_redis_that_needs_longer_is_waited_for_at_first() -> None:
    """Longer than any other decision's time, as a process does that gets little of a CPU."""
    assert read_time.FIRST_SECONDS == FIRST_STATED_SECONDS

    def slow(connection: socket.socket, stopped: threading.Event) -> None:
        if not stopped.wait(4 * STATED_SECONDS):
            hangs_after(2, threading.Event())(connection, stopped)

    with authorizer_at(slow) as authorizer:
        assert ask(authorizer) == "NO_GRANT"
        authorizer.telemetry.count(Metric.STATE_UNKNOWN)
        assert sum(authorizer.telemetry._counts.values()) == 1
