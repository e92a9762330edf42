"""The Lambda's entry point, wired from its environment."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.reconciliation import handler as entry
from functions.reconciliation.handler import handler
from functions.usage.errors import SettingsError
from tests.integration.reconciliation.tenant import TENANT, event, settled
from tests.local.valkey import Valkey, start_valkey

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def environment(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The variables that the template sets, and wiring of this test's own."""
    monkeypatch.setenv("REDIS_URL", valkey.url)
    monkeypatch.setenv("AFORO_TENANT_ID", TENANT)
    monkeypatch.setenv("MARK_HORIZON_DAYS", "35")
    entry._wired.cache_clear()
    yield monkeypatch
    entry._wired.cache_clear()


def delivery(*bodies: object) -> entry.Payload:
    """An SQS batch as Lambda delivers it."""
    return {
        "Records": [
            {"messageId": f"m{i}", "body": body if isinstance(body, str) else json.dumps(body)}
            for i, body in enumerate(bodies)
        ]
    }


def test_a_done_batch_answers_an_empty_list() -> None:
    """Explicitly: Lambda takes a missing list for "all done" as well, and we never mean it so."""
    assert handler(delivery({"kind": "open", "version": 1}), None) == {"batchItemFailures": []}


def test_only_what_is_not_done_comes_back() -> None:
    """A body that is not JSON is named, its neighbour is not."""
    answer = handler(delivery("{", {"kind": "open", "version": 1}), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}


def test_a_dead_server_fails_every_message(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is acknowledged that is not in the counters."""
    with start_valkey(tmp_path) as server:
        environment.setenv("REDIS_URL", server.url)
    answer = handler(
        delivery(
            settled([event("a", at_ms=time.time_ns() // 1_000_000)]), {"kind": "open", "version": 1}
        ),
        None,
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}, {"itemIdentifier": "m1"}]}


def test_it_answers_questions() -> None:
    """Asked directly, it says what the counters hold, in what JSON can carry."""
    now_ms = time.time_ns() // 1_000_000
    handler(delivery(settled([event("a", at_ms=now_ms, customer="cust_9")])), None)
    asked: entry.Payload = {"inspect": {"customerId": "cust_9", "keys": ["a"]}}
    answer = json.loads(json.dumps(handler(asked, None)))
    assert answer["marked"] == {"a": True}
    assert answer["limit"] is None


def test_a_wrong_environment_is_named(environment: pytest.MonkeyPatch) -> None:
    """The first call fails with the variable's name."""
    environment.setenv("REDIS_URL", "http://example.com")
    environment.delenv("AFORO_TENANT_ID")
    with pytest.raises(SettingsError, match=r"AFORO_TENANT_ID: .*|REDIS_URL: ") as raised:
        handler(delivery(), None)
    assert "REDIS_URL" in str(raised.value)
    assert "AFORO_TENANT_ID" in str(raised.value)


def test_importing_reads_and_loads_nothing_superfluous() -> None:
    """With an empty environment it imports, and without boto3, which it has no use for."""
    program = (
        "import sys, functions.reconciliation.handler;"
        "print(sorted({'boto3', 'httpx', 'urllib.request'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_it_says_how_far_a_rebuild_is() -> None:
    """Asked directly, like an inspection: the rebuild waits for its parts by it."""
    grant = {
        "kind": "grant",
        "customerId": "cust_9",
        "meter": "api_calls",
        "limit": 5,
        "period": "day",
        "ratePerSecond": 1,
        "burst": 1,
        "version": 1,
    }
    part = {"kind": "rebuild", "version": 77, "part": 3, "commands": [grant]}
    assert handler({"rebuild": 77}, None) == {"parts": 0}
    assert handler(delivery(part, part), None) == {"batchItemFailures": []}
    assert handler({"rebuild": 77}, None) == {"parts": 1}


def test_what_it_adds_to_its_log(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every byte is paid for, a batch of settled usage and each step of a minute alike."""
    environment.setenv("METRICS_NAMESPACE", "AforoMetering/aforo-metering-prod")
    now_ms = time.time_ns() // 1_000_000
    asked: list[entry.Payload] = [
        delivery(settled([event(f"log-{n}", at_ms=now_ms) for n in range(50)])),
        {
            "due": {
                "meter": "api_calls",
                "most": 50,
                "sources": [{"name": "demo", "logGroup": "demo"}],
                "areSourcesKnown": True,
            }
        },
        {"apply": {"meter": "api_calls", "customers": [], "keys": None}},
    ]
    for payload in asked:
        handler(payload, None)
        assert 0 < len(capsys.readouterr().out) <= 600, payload
