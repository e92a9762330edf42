"""What a decision is compared with, and the decision itself, each as a call that takes no argument:
a bare GET, redis-py's GET, a decision's question, a handler without libraries, and decisions.

In: where Valkey is, and tokens. Every answer of a decision is an Allow, or it raises.
"""

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import redis

from functions.authorizer.authorize import Authorizer
from functions.authorizer.handler import answer, authorizer_for, link_to
from functions.authorizer.redis_connection import Command, packed
from functions.authorizer.settings import read_settings
from functions.usage.quota import (
    revocation_keys,
    state_fields,
    state_key,
    tenant_key,
    watermark_key,
)
from tests.bench.provisioned import API_KEY, credential_event
from tests.fakes.token_issuer import CUSTOMER, TENANT

BARE, REDIS_PY, QUESTION = "bare GET", "redis-py's GET", "a decision's question"
RAW, TOKEN, KEY = "raw handler", "decision, token seen before", "decision, API key"
NEW_TOKEN = "decision, new token (RS256)"

type Call = Callable[[], object]


@contextmanager
def calls(redis_url: str, tokens: Sequence[str]) -> Iterator[Mapping[str, Call]]:
    """Each by its name; the first token is the one that was seen before."""
    token = credential_event(tokens[0])
    with (
        deciding(redis_url) as decide,
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
        yield found


@contextmanager
def deciding(redis_url: str) -> Iterator[Callable[[bytes], bytes]]:
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
        authorizer = authorizer_for(settings, link, time.time)
        authorizer.telemetry._write = lambda _line: None  # counted, built, not printed
        yield partial(_decide, authorizer)


def _decide(authorizer: Authorizer, event: bytes) -> bytes:
    policy = answer(json.loads(event), lambda: authorizer)
    if "code" in policy["context"]:
        raise AssertionError(policy)
    return json.dumps(policy).encode()


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
