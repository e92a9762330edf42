"""What a decision is compared with, and the decision itself, each as a call that takes no argument:
a bare GET, redis-py's GET, a decision's question, a handler without libraries, and decisions.

In: where Valkey is, and tokens. A decision for which Valkey took longer than the authorizer waits
is made without it, and counted.
"""

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, override
from urllib.parse import urlsplit

import redis

from functions.authorizer.authorize import Authorizer
from functions.authorizer.handler import answer, authorizer_for, link_to
from functions.authorizer.light_telemetry import AuthorizerTelemetry
from functions.authorizer.redis_connection import Command, packed
from functions.authorizer.settings import read_settings
from functions.usage.metric import Metric
from functions.usage.quota import (
    revocation_keys,
    state_fields,
    state_key,
    tenant_key,
    watermark_key,
)
from tests.bench.provisioned import API_KEY, credential_event
from tests.fakes.token_issuer import CUSTOMER, TENANT

DECISION = "decision,"
BARE, REDIS_PY, QUESTION = "bare GET", "redis-py's GET", "a decision's question"
RAW, TOKEN, KEY = "raw handler", f"{DECISION} token seen before", f"{DECISION} API key"
NEW_TOKEN = f"{DECISION} new token (RS256)"

type Call = Callable[[], object]


class Unanswered(AuthorizerTelemetry):
    """Prints nothing; counts decisions that were made without an answer of Redis."""

    def __init__(self) -> None:
        super().__init__(time.time, lambda _line: None)
        self.decisions = 0

    @override
    def count(self, metric: Metric, reason: str = "") -> None:
        self.decisions += metric is Metric.STATE_UNKNOWN
        super().count(metric, reason)


@contextmanager
def calls(redis_url: str, tokens: Sequence[str]) -> Iterator[tuple[Mapping[str, Call], Unanswered]]:
    """Each by its name; the first token is the one that was seen before."""
    unanswered = Unanswered()
    token = credential_event(tokens[0])
    with (
        deciding(redis_url, unanswered) as decide,
        asking(redis_url) as ask,
        redis.Redis.from_url(redis_url) as store,
    ):
        question = partial(ask, _question())
        fresh = iter([credential_event(one) for one in tokens[1:]])
        found: dict[str, Call] = {
            BARE: partial(ask, b"*2\r\n$3\r\nGET\r\n$6\r\nabsent\r\n"),
            REDIS_PY: partial(store.get, "absent"),
            QUESTION: question,
            RAW: partial(_raw_handler, question, token),
            TOKEN: partial(decide, token),
            KEY: partial(decide, credential_event(API_KEY)),
        }
        if len(tokens) > 1:
            found[NEW_TOKEN] = lambda: decide(next(fresh))
        yield found, unanswered


@contextmanager
def deciding(redis_url: str, telemetry: Unanswered) -> Iterator[Callable[[bytes], bytes]]:
    """Event bytes to policy bytes, as the Lambda runtime has them."""
    settings = read_settings(
        {
            "REDIS_URL": redis_url,
            "AFORO_TENANT_ID": TENANT,
            "AFORO_ENVIRONMENT": "live",
            "QUOTA_METER": "api_calls",
            "UNKNOWN_POLICY": "allow",
            "NO_GRANT_POLICY": "deny",
            "RESULT_TTL_SECONDS": "0",
            "HEADROOM_CAP_PERCENT": "5",
            "TENANT_HEADER": "tenant",
        }
    )
    with closing(link_to(settings)) as link:
        authorizer = replace(authorizer_for(settings, link, time.time), telemetry=telemetry)
        yield partial(_decide, authorizer)


def _decide(authorizer: Authorizer, event: bytes) -> bytes:
    return json.dumps(answer(json.loads(event), lambda: authorizer)).encode()


def _raw_handler(ask: Call, event: bytes) -> bytes:
    """The least that a handler can do: JSON in and out, a digest and the question; no answer."""
    read: dict[str, Any] = json.loads(event)
    digest = sha256(read["headers"]["Authorization"].encode()).hexdigest()
    ask()
    return json.dumps({"principalId": digest, "context": read["headers"]}).encode()


@contextmanager
def asking(redis_url: str) -> Iterator[Callable[[bytes], bytes]]:
    """Bytes of a request to bytes of its answer, over one connection."""
    where = urlsplit(redis_url)
    with socket.create_connection(("127.0.0.1", where.port or 0)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def ask(request: bytes) -> bytes:
            connection.sendall(request)
            return connection.recv(4096)

        yield ask


def _question() -> bytes:
    asked: list[Command] = [
        ("GET", tenant_key(TENANT, "generation")),
        ("HMGET", state_key(TENANT, CUSTOMER), *state_fields("api_calls")),
        *(("EXISTS", key) for key in revocation_keys("jti-1", "key-1")),
        ("HVALS", watermark_key(TENANT)),
    ]
    return b"".join(packed(command) for command in asked)
