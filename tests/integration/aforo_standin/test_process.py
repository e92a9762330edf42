"""The stand-in as a process of its own, and what its registers and knobs answer."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.aforo_standin.conftest import PATIENCE_SECONDS
from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.aforo.standin import AforoStandIn, running_standin
from tests.local.foreground_server import foreground_server

type Make = Callable[..., dict[str, Any]]

ROOT = Path(__file__).parents[3]
HEADERS = {"Authorization": f"Bearer {DEFAULT_API_KEY}", "X-Tenant-Id": DEFAULT_TENANT}


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with foreground_server("tests.local.aforo", *options) as (running, line):
        assert line.startswith("aforo stand-in listening on http://127.0.0.1:")
        yield running, line.split()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_even_with_a_hanging_request(number: signal.Signals) -> None:
    """A signal ends the process cleanly while a client still waits for its answer."""
    with process() as (running, url), httpx.Client(base_url=url, trust_env=False) as client:
        client.post("/_faults", json={"faults": [{"kind": "hang"}]})
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as waiting:
            waiting.sendall(b"POST /v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            while client.get("/_posts").json()["total"] == 0:
                time.sleep(0.01)
            running.send_signal(number)
            # Nothing but the end of the process ends the request: it hangs for ever.
            assert running.wait(PATIENCE_SECONDS) == 0


def test_it_keeps_its_state_in_a_file(tmp_path: Path, event: Make) -> None:
    """Book, registers and signing keys come back; the file is for its owner only."""
    file, body = tmp_path / "aforo.json", {"events": [event()]}
    options = ("--state", str(file), "--metric", "Extra", "--knob", "success_status=200")
    with process(*options) as (_, url), httpx.Client(base_url=url, headers=HEADERS) as client:
        assert client.post("/v1/ingest/batch", json=body).status_code == 200
        client.put("/_customers/cus_1", json={"limit": 3})
        jwks = client.get("/.well-known/jwks.json").json()
    assert file.stat().st_mode & 0o777 == 0o600
    with process("--state", str(file)) as (_, url), httpx.Client(base_url=url) as client:
        again = client.post("/v1/ingest/batch", json=body, headers=HEADERS)
        assert (again.status_code, again.json()["duplicates"]) == (202, 1)
        assert client.get("/.well-known/jwks.json").json() == jwks
        assert client.get("/_customers").json()["cus_1"]["limit"] == 3


def test_options_say_what_it_knows(tmp_path: Path, event: Make) -> None:
    """Keys, metrics and knobs come from options or a file; the default ones stay."""
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"clients": {"c": {"secret": "s", "customer_id": "x",
                                                  "key_id": "k"}}}))  # fmt: skip
    options = ("--settings", str(file), "--api-key", "sk_test_b=tenant_b", "--metric", "Extra")
    headers = {"Authorization": "Bearer sk_test_b", "X-Tenant-Id": "tenant_b"}
    with process(*options) as (_, url), httpx.Client(base_url=url, headers=headers) as client:
        events = [event(metricName="Extra"), event()]
        assert client.post("/v1/ingest/batch", json={"events": events}).json()["accepted"] == 2
        grant = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
        del client.headers["Authorization"]
        assert client.post("/oauth/token", data=grant).status_code == 200


@pytest.mark.parametrize("knob", ["success_status=500", "nope=1", "validation=perhaps"])
def test_a_bad_knob_is_named_and_nothing_starts(knob: str) -> None:
    """The error names the knob; the exit status is not 0."""
    command = [sys.executable, "-m", "tests.local.aforo", "--knob", knob]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert done.returncode == 2
    assert knob.partition("=")[0] in done.stderr


async def _health_of_one_in_this_loop() -> Any:
    async with AforoStandIn() as standin, httpx.AsyncClient(base_url=standin.url) as client:
        return (await client.get("/_health")).json()


def test_it_runs_inside_an_event_loop() -> None:
    """`async with` is the other way to have one."""
    import asyncio  # noqa: PLC0415 - only here, beside its one use

    assert asyncio.run(_health_of_one_in_this_loop()) == {
        "status": "ok",
        "environment": "sandbox",
    }


def test_a_port_that_is_taken_is_said(url: str) -> None:
    """The error of the thread reaches the caller."""
    taken = int(url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="address already in use"), running_standin(port=taken):
        pass


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("PATCH", "/_settings", {"nope": 1}, "nope"),
        ("PATCH", "/_settings", {"max_events": 0}, "max_events"),
        ("PATCH", "/_settings", {"metrics": {}}, "metrics"),
        ("POST", "/_clock", {}, "advance_seconds"),
        ("PUT", "/_customers/c", {"limit": -1}, "limit"),
        ("PUT", "/_customers/c", {"marginGuard": {"level": "L9"}}, "level"),
        ("PUT", "/_clients/c", {"secret": "s"}, "customer_id"),
        ("PUT", "/_metrics/m", {"aggregation": "MAX"}, "aggregation"),
        ("GET", "/_ledger/events?limit=x", None, "limit"),
    ],
)
def test_bad_orders_name_the_field(
    client: httpx.Client, method: str, path: str, body: dict[str, Any] | None, named: str
) -> None:
    """Whoever operates the stand-in is told what to change."""
    answer = client.request(method, path, json=body)
    assert answer.status_code == 400
    assert named in answer.json()["detail"]


def test_metrics_come_and_go(client: httpx.Client, console: Console, event: Make) -> None:
    """A metric made later lets a set-aside event through: the replay's case."""
    body = {"events": [event(metricName="GET /pets")]}
    path = "/v1/ingest/batch"
    before = client.post(path, json=body).status_code
    client.put("/_metrics/GET%20%2Fpets")
    after = client.post(path, json=body)
    assert (before, after.status_code) == (422, 202)
    assert console.ledger()["rejected"] == 0
    console.delete("_metrics/GET%20%2Fpets")
    assert client.post(path, json=body).status_code == 422


def test_the_book_can_be_paged_and_emptied(
    client: httpx.Client, console: Console, event: Make
) -> None:
    """Pages follow each other without a gap; an empty book has forgotten its keys."""
    events = [event(customerId=f"cus_{n % 2}") for n in range(5)]
    client.post("/v1/ingest/batch", json={"events": events})
    first = client.get("/_ledger/events?limit=3").json()
    rest = client.get(f"/_ledger/events?limit=3&after={first['next']}").json()
    assert first["events"] + rest["events"] == events
    assert rest["next"] is None
    assert len(first["received_at"]) == 3
    assert console.events("cus_1") == [events[1], events[3]]
    key = events[2]["idempotencyKey"]
    found = client.get("/_ledger/events", params={"idempotency_key": key}).json()
    assert found["events"] == [events[2]]
    assert client.delete("/_ledger").json()["accepted"] == 0
    assert client.post("/v1/ingest/batch", json={"events": events}).json()["accepted"] == 5
    assert console.ledger()["posts"] == 1
