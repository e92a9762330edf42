"""Scripts that run inside Valkey, called by their hash, many in one round trip.

Guaranteed: a script that the server forgot (a restart, a failover, SCRIPT FLUSH) is sent again;
every call gets an answer of its own, and a failed one is a `Retryable` in its place: calls are
idempotent, so the caller may repeat any of them without knowing whether it took effect.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from hashlib import sha1
from itertools import batched
from pathlib import Path
from typing import NamedTuple

from redis import Redis
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as RedisTimeout
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from functions.reconciliation.counters.failover import PlainConnection, TlsConnection
from functions.usage.errors import Retryable

# A script of 100 events takes 0.3 ms at the server. Two seconds are a server in trouble, and two
# tries of them per call still leave an invocation of 60 s its time to answer.
SOCKET_SECONDS = 2.0
# The first try after a frozen Lambda environment often finds a dead connection: one more connects.
RECONNECTS = 1
# 20 scripts of 100 events are 200 KB and 6 ms: far inside the timeout, and the server reads other
# clients' commands in between.
CALLS_PER_ROUND_TRIP = 20

_FOLDER = Path(__file__).with_name("scripts")


class Script(StrEnum):
    """The files of scripts/; each says its keys and arguments at its top."""

    SETTLE = "settle"
    CLOSE = "close"
    FORGET = "forget"
    GRANT = "grant"
    PUT_FIELDS = "put_fields"
    PUT_TEXT = "put_text"
    REVOKE = "revoke"
    ADVANCE = "advance"
    HOLD_BACK = "hold_back"
    LIMIT = "limit"
    NOTE_PART = "note_part"
    ROLLBACK = "rollback"


_SHARES_GRANT_STATE = frozenset({Script.SETTLE, Script.CLOSE, Script.GRANT, Script.LIMIT})

type Answer = int | str | list[int | str | None] | None


class Call(NamedTuple):
    """One run of a script. All its keys share one hash slot, and it touches no others."""

    script: Script
    keys: Sequence[str]
    arguments: Sequence[str | int | float]


def connect(
    url: str,
    credential: CredentialProvider | None = None,
    *,
    socket_seconds: float = SOCKET_SECONDS,
) -> Redis:
    """A client for `redis://` or, checking the server's certificate, `rediss://`. Connects late,
    and anew when the server says that a connection is of no more use.
    """
    return Redis.from_url(
        url,
        connection_class=TlsConnection if url.startswith("rediss:") else PlainConnection,
        decode_responses=True,
        socket_timeout=socket_seconds,
        socket_connect_timeout=socket_seconds,
        retry=Retry(NoBackoff(), RECONNECTS),
        credential_provider=credential,
        # HELLO 3 and two CLIENT commands are what redis-py says on each connection. A proxy that
        # ends the connection instead of answering with an error would be away for ever.
        protocol=2,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
        driver_info=None,
    )


def run(
    client: Redis, calls: Sequence[Call], at_once: int = CALLS_PER_ROUND_TRIP
) -> list[Answer | Retryable]:
    """The answer of each call, in order. After a lost connection the rest is not tried."""
    answers: list[Answer | Retryable] = []
    lost: Retryable | None = None
    for group in batched(calls, at_once, strict=False):
        if lost is None:
            try:
                answers += _round_trip(client, group)
                continue
            except RedisError as error:
                lost = _translated(error)
            except Retryable as error:  # there is no password to connect with
                lost = error
        answers += [lost] * len(group)
    return answers


def run_one(client: Redis, call: Call) -> Answer:
    """The answer of one call. Retryable when there is none."""
    (answer,) = run(client, [call])
    if isinstance(answer, Retryable):
        raise answer
    return answer


@contextmanager
def plain_commands() -> Iterator[None]:
    """Around commands that are no script: they fail as scripts do, with Retryable."""
    try:
        yield
    except RedisError as error:
        raise _translated(error) from error


def _round_trip(client: Redis, calls: Sequence[Call]) -> list[Answer | Retryable]:
    found = _send(client, calls)
    forgotten = [i for i, answer in enumerate(found) if isinstance(answer, NoScriptError)]
    if forgotten:
        # Not SCRIPT LOAD: it may reach another node than the call does (ElastiCache Serverless).
        again = _send(client, [calls[i] for i in forgotten], with_source=True)
        for i, answer in zip(forgotten, again, strict=True):
            found[i] = answer
    return [_translated(answer) if isinstance(answer, RedisError) else answer for answer in found]


def _send(
    client: Redis, calls: Sequence[Call], *, with_source: bool = False
) -> list[Answer | RedisError]:
    pipeline = client.pipeline(transaction=False)
    for call in calls:
        words = (*call.keys, *call.arguments)
        if with_source:
            pipeline.eval(source(call.script), len(call.keys), *words)
        else:
            pipeline.evalsha(digest(call.script), len(call.keys), *words)
    answers: list[Answer | RedisError] = pipeline.execute(raise_on_error=False)
    return answers


def _translated(error: RedisError) -> Retryable:
    if isinstance(error, RedisTimeout):
        return Retryable("the counters did not answer in time")
    return Retryable(f"the counters could not be written: {error}")


@cache
def source(script: Script) -> str:
    """The script's text as the server gets it."""
    own = (_FOLDER / f"{script}.lua").read_text(encoding="utf-8")
    if script not in _SHARES_GRANT_STATE:
        return own
    return (_FOLDER / "grant_state.lua").read_text(encoding="utf-8") + own


@cache
def digest(script: Script) -> str:
    """The name that the server gives a script: SHA-1 of its text, no secret."""
    return sha1(source(script).encode(), usedforsecurity=False).hexdigest()
