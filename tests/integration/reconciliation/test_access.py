"""What the template lets reconciliation's Redis user do is enough for all that it does."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis

from functions.adapters.redis_scripts import connect
from functions.usage.moment import DAY_MS, HOUR_MS
from tests.integration.reconciliation.tenant import CUSTOMER, METER, START_MS, Tenant, event
from tests.local.valkey import Valkey

TEMPLATE = Path(__file__).parents[3] / "template.yaml"


def test_the_writers_access_is_enough_and_no_more(client: Redis, valkey: Valkey) -> None:
    """Scripts are loaded and run, questions answered, and keys of others are out of reach."""
    client.script_flush()
    client.acl_deluser("writer")
    rules = [">secret", *_access_string().split()]
    client.execute_command("ACL", "SETUSER", "writer", *rules)  # type: ignore[no-untyped-call]
    url = f"redis://writer:secret@127.0.0.1:{urlsplit(valkey.url).port}/0"
    with connect(url) as writer:
        tenant = Tenant(writer)
        tenant.grant(5000, period="day")
        assert tenant.settle(*(event(str(i)) for i in range(600))) == []
        tenant.now_ms += DAY_MS
        assert tenant.settle(event("tomorrow", tenant.now_ms)) == []
        assert not tenant.take(
            {"kind": "open", "version": 1},
            {"kind": "revocation", "keyId": "k", "untilMs": tenant.now_ms + DAY_MS},
        )
        assert tenant.inspect("599", "tomorrow")["marked"] == {"599": True, "tomorrow": True}
        closing = {"customerId": CUSTOMER, "meter": METER, "sums": [[START_MS // HOUR_MS, 700]]}
        close = {"kind": "close", "version": 1, "closings": [closing]}
        assert not tenant.take({"kind": "rebuild", "version": 1, "part": 0, "commands": [close]})
        assert tenant.inspect("599")["newestClosedHour"] == "2026-11-23T12:00:00.000Z"
    assert "no permissions" in str(client.acl_dryrun("writer", "SET", "mg:tenant:customer", "x"))
    assert "no permissions" in str(client.acl_dryrun("writer", "FLUSHALL"))
    client.acl_deluser("writer")


def test_a_server_that_keeps_no_loaded_script_gets_it_with_the_call(
    client: Redis, valkey: Valkey
) -> None:
    """On ElastiCache Serverless SCRIPT LOAD may reach another node than the call: not used."""
    client.script_flush()
    rules = ["on", "nopass", "~*", "+@all", "-script"]
    client.execute_command("ACL", "SETUSER", "loader", *rules)  # type: ignore[no-untyped-call]
    with connect(f"redis://loader:any@127.0.0.1:{valkey.port}/0") as forbidden:
        tenant = Tenant(forbidden)
        tenant.grant(10)
        assert tenant.settle(event("a"), event("b")) == []
        assert tenant.used() == 2
    client.acl_deluser("loader")


def _access_string() -> str:
    found = re.search(
        r"ReconciliationRedisUser:.*?AccessString: \"([^\"]+)\"", TEMPLATE.read_text(), re.DOTALL
    )
    assert found is not None
    return found[1]
