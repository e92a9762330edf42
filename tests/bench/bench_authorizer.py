"""What a decision costs beside a bare round trip, with Redis hung and dead, and a cold start.

    python -m tests.bench.bench_authorizer

Server and client share one CPU, so that figures of one run can be compared with each other; those
of two machines cannot. Goals: docs/explanation/decisions/0005-cost-goals.md.
"""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import redis

from functions.authorizer.authorize import Authorizer
from functions.authorizer.handler import answer, authorizer_for, link_to
from functions.authorizer.redis_connection import Command, packed
from functions.authorizer.settings import read_settings
from functions.usage.quota import (
    identity_key,
    meter_field,
    revocation_keys,
    state_fields,
    state_key,
    tenant_key,
    watermark_key,
)
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.token_issuer import CUSTOMER, TENANT, TokenIssuer
from tests.local.valkey import Valkey, start_valkey

ROUNDS = 20_000
WARM_UP = 500
COLD_RUNS = 7
ISSUER = TokenIssuer()


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, start_valkey(Path(directory)) as valkey:
        _share_one_cpu(valkey)
        provision(valkey.url)
        _warm(valkey)
        _without_redis(valkey)
    _cold()


# ---- warm -----------------------------------------------------------------------------------


def _warm(valkey: Valkey) -> None:
    with _authorizer(valkey) as authorizer, _bare(valkey) as (bare, without, same_question):
        handle = _handle(authorizer)
        token, key = _event(ISSUER.token(time.time())), _event("sk_live_1")
        floor = _percentiles(bare)
        raw = _percentiles(lambda: _raw_handler(same_question, token))
        fresh = iter([_event(ISSUER.token(time.time(), jti=f"j{n}")) for n in range(2_000)])
        _say("warm, us", "p50", "p99", "p99.9", "x GET p50", "x raw p50", "x raw p99")
        rows = {
            "bare GET round trip": floor,
            "bare, without the watermark": _percentiles(without),
            "bare, a decision's question": _percentiles(same_question),
            "raw handler (performance.md G8)": raw,
            "decision, token seen before": _percentiles(lambda: handle(token)),
            "decision, API key": _percentiles(lambda: handle(key)),
            "decision, new token (RS256)": _percentiles(lambda: handle(next(fresh)), 1_500),
        }
        for name, found in rows.items():
            ratios = (found[0] / floor[0], found[0] / raw[0], found[1] / raw[1])
            _say(name, *(f"{value:.1f}" for value in found), *(f"{x:.2f}" for x in ratios))


def _raw_handler(ask: Callable[[], bytes], event: bytes) -> bytes:
    """The least that a handler can do: JSON in and out, a digest and the question; no answer."""
    read = json.loads(event)
    digest = sha256(read["headers"]["Authorization"].encode()).hexdigest()
    ask()
    return json.dumps({"principalId": digest, "context": read["headers"]}).encode()


def _without_redis(valkey: Valkey) -> None:
    _say("\nwithout Redis, ms", "first", "second", "third", "breaker")
    with _authorizer(valkey) as authorizer:
        handle, event = _handle(authorizer), _event("sk_live_1")
        handle(event)
        valkey.freeze()
        _say("hung (SIGSTOP)", *_milliseconds(lambda: handle(event)))
        valkey.thaw()
        time.sleep(1.1)  # the breaker's pause
        handle(event)
        valkey.kill()
        _say("dead", *_milliseconds(lambda: handle(event)))


def _milliseconds(work: Callable[[], object]) -> Iterator[str]:
    for _ in range(4):
        began = time.perf_counter()
        work()
        yield f"{(time.perf_counter() - began) * 1e3:.2f}"


def _percentiles(work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    for _ in range(min(WARM_UP, rounds)):
        work()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter_ns()
        work()
        taken.append(time.perf_counter_ns() - began)
    taken.sort()
    return [taken[int(rounds * share)] / 1e3 for share in (0.5, 0.99, 0.999)]


# ---- cold -----------------------------------------------------------------------------------


def _cold() -> None:
    imports = {
        "bare interpreter": "pass",
        "authorizer's handler": "import functions.authorizer.handler",
        "  of which PyJWT": "import jwt",
        "  of which hiredis": "import hiredis",
        "redis-py alone": "import redis",
        "boto3 alone": "import boto3",
    }
    _say("\ncold import, bytecode present", "CPU ms", "x handler*", "modules")
    measured = {name: _import(statement) for name, statement in imports.items()}
    bare, handler = (measured[name][0] for name in ("bare interpreter", "authorizer's handler"))
    for name, (spent, modules) in measured.items():
        _say(name, f"{spent:.0f}", f"{(spent - bare) / (handler - bare):.2f}", modules)
    _say("* beyond the bare interpreter")


def _import(statement: str) -> tuple[float, str]:
    """The least CPU of several fresh processes, in ms, and how many modules they had."""
    program = f"import sys\n{statement}\nprint(len(sys.modules))"
    spent, modules = [], ""
    for _ in range(COLD_RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        modules = done.stdout.strip()
    return min(spent) * 1e3, modules


# ---- the setting ----------------------------------------------------------------------------


def _share_one_cpu(valkey: Valkey) -> None:
    cpu = {min(os.sched_getaffinity(0))}
    os.sched_setaffinity(0, cpu)
    for thread in Path(f"/proc/{valkey.pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cpu)


def provision(redis_url: str) -> None:
    """The state of one customer, whose API key is `sk_live_1`."""
    allowance = {"limit": 10**9, "used": 0, "start_ms": 0, "end_ms": 2**52}
    enforced = {"rate_per_second": 50, "burst": 50, "lag_seconds": 180}
    state: dict[Any, Any] = {
        meter_field("api_calls", name): value for name, value in (allowance | enforced).items()
    }
    identity = {
        "customer_id": CUSTOMER,
        "tenant_id": TENANT,
        "key_id": "key-9",
        "environment": "live",
        "scopes": "read",
    }
    digest = sha256(b"sk_live_1").hexdigest()
    with redis.Redis.from_url(redis_url) as store:
        store.set(tenant_key(TENANT, "generation"), 1)
        store.set(tenant_key(TENANT, "jwks"), ISSUER.key_set())
        store.hset(state_key(TENANT, CUSTOMER), mapping=state)
        store.hset(identity_key(TENANT, digest), mapping=dict(identity))
        # As if a heartbeat had just arrived from each of two log groups.
        for group in ("access", "execution"):
            store.hset(watermark_key(TENANT), group, str(time.time_ns() // 1_000_000))


@contextmanager
def _authorizer(valkey: Valkey) -> Iterator[Authorizer]:
    settings = read_settings(
        {
            "REDIS_URL": valkey.url,
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
        yield authorizer


def _handle(authorizer: Authorizer) -> Callable[[bytes], bytes]:
    """Event bytes to policy bytes, as the Lambda runtime has them; every answer is an Allow."""

    def handle(event: bytes) -> bytes:
        policy = answer(json.loads(event), lambda: authorizer)
        if "code" in policy["context"]:
            raise AssertionError(policy)
        return json.dumps(policy).encode()

    return handle


def _event(credential: str) -> bytes:
    return json.dumps(authorizer_event(f"Bearer {credential}", Accept="*/*")).encode()


@contextmanager
def _bare(valkey: Valkey) -> Iterator[tuple[Callable[[], bytes], ...]]:
    """A GET; a decision's question without the watermark, and whole."""
    get = b"*2\r\n$3\r\nGET\r\n$6\r\nabsent\r\n"
    question: list[Command] = [
        ("GET", tenant_key(TENANT, "generation")),
        ("HMGET", state_key(TENANT, CUSTOMER), *state_fields("api_calls")),
        *(("EXISTS", key) for key in revocation_keys("jti-1", "key-1")),
    ]
    without = b"".join(packed(command) for command in question)
    asked = without + packed(("HVALS", watermark_key(TENANT)))
    with socket.create_connection(("127.0.0.1", valkey.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def ask(request: bytes) -> bytes:
            connection.sendall(request)
            return connection.recv(4096)

        yield partial(ask, get), partial(ask, without), partial(ask, asked)


def _say(name: str, *cells: str) -> None:
    sys.stdout.write(f"{name:<34}" + "".join(f"{cell:>11}" for cell in cells) + "\n")


if __name__ == "__main__":
    main()
