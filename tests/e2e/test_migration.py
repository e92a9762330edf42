"""From Aforo's own Lambda plugin to ours, as migrate-from-the-plugin.md says it: the plugin's
log format, ours, a comparison, the switch while calls are under way, and back.

The plugin is a stand-in (`tests/local/plugin`) with a stand-in for Aforo of its own.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from functions.operator.command_line import main
from tests.e2e.looking import answered, billed, until
from tests.local.aforo.console import Console
from tests.local.demo.depth import waiting
from tests.local.demo.log_witness import log_lines
from tests.local.endpoints import Endpoints
from tests.local.plugin import installed as plugin
from tests.local.server_process import start_server
from tests.local.stage_log import add_stage, format_v1, remove_stage, write_log

pytestmark = pytest.mark.timeout(300)  # the first one starts the cloud

STAGE, THEIR_GROUP = "migrated", "/aws/apigateway/aforo-access-logs"
# Served before a switch, and behind it.
AROUND = 6
CHOSEN = "7f0c2c1e-0000-4000-8000-0000000000e3"  # a client may set it


@pytest.fixture
def their_aforo(tmp_path: Path) -> Iterator[str]:
    """What the plugin bills at: a book of its own."""
    url, process = start_server("tests.local.aforo", plugin.aforo_options(), tmp_path, {})
    yield url
    process.stop()


@pytest.fixture
def stage(endpoints: Endpoints, their_aforo: str) -> Iterator[str]:
    """A stage whose access log is the plugin's, in the format that it asks for."""
    url = add_stage(endpoints, STAGE)
    plugin.install(THEIR_GROUP, their_aforo)
    write_log(endpoints, STAGE, log_group=THEIR_GROUP, log_format=plugin.LOG_FORMAT)
    yield url
    remove_stage(endpoints, STAGE)
    plugin.remove(THEIR_GROUP)


def call(endpoints: Endpoints, url: str, path: str = "/pets", request_id: str = "") -> str:
    """The extended request id of a served call; API Gateway answers it as a header."""
    headers = dict(endpoints.customers[0].headers)
    if request_id:
        headers["x-amzn-RequestId"] = request_id
    answer = answered(
        lambda: httpx.get(f"{url}{path}", headers=headers, timeout=40, trust_env=False)
    )
    assert answer.status_code == 200
    return str(answer.headers["x-amz-apigw-id"])


def their_events(their_aforo: str) -> list[dict[str, object]]:
    with Console(their_aforo) as console:
        return console.events()


def their_ids(their_aforo: str) -> list[str]:
    """The extended request ids of what the plugin billed: it knows requestId only, the log both."""
    events = their_events(their_aforo)  # first: each was in the log before
    lines = [json.loads(line) for line in log_lines(THEIR_GROUP)]
    known = {line["requestId"]: line.get("extendedRequestId", "") for line in lines}
    return [known[str(event["idempotencyKey"])] for event in events]


def unlike(folder: Path, their_aforo: str, capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """The step of the page: their export beside the log that both could bill; requests that are
    not billed alike, by reason.
    """
    export, log = folder / "billed.jsonl", folder / "access.log"
    export.write_text("".join(f"{json.dumps(one)}\n" for one in their_events(their_aforo)))
    log.write_text("".join(f"{line}\n" for line in log_lines(THEIR_GROUP)))
    capsys.readouterr()
    status = main(["compare", str(export), str(log), "--format", "json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = Counter(row["reason"] for row in rows if row["row"] == "request")
    assert status == (1 if found else 0)
    return found


@contextmanager
def callers(endpoints: Endpoints, url: str) -> Iterator[list[str]]:
    """Two clients that call all the time; the extended request ids of what they were served."""
    served: list[str] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            served.append(call(endpoints, url))

    with ThreadPoolExecutor(2) as clients:
        working = [clients.submit(work) for _ in range(2)]
        try:
            yield served
        finally:
            stop.set()
            for one in working:
                one.result()


def switched(endpoints: Endpoints, url: str, log_group: str) -> list[str]:
    """The stage's log goes elsewhere while calls are under way; what was served around that."""
    with callers(endpoints, url) as served:
        until(lambda: len(served) >= AROUND)
        write_log(endpoints, STAGE, log_group=log_group)
        before = len(served)
        until(lambda: len(served) >= before + AROUND)
    return served


def test_the_plugin_is_compared_and_replaced_and_every_request_billed_once(
    endpoints: Endpoints,
    stage: str,
    their_aforo: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In its own format ours could bill nothing; in format v1 both bill alike, but for what the
    plugin gets wrong; across the switch and back each request is billed by exactly one of them.
    """
    call(endpoints, stage)
    until(lambda: len(their_events(their_aforo)) == 1)
    lacking = {"we_do_not_bill": 1}
    assert unlike(tmp_path, their_aforo, capsys) == lacking

    write_log(endpoints, STAGE, log_group=THEIR_GROUP, log_format=format_v1())
    for _ in range(AROUND):
        call(endpoints, stage)
    until(lambda: len(their_events(their_aforo)) == 1 + AROUND)
    assert unlike(tmp_path, their_aforo, capsys) == lacking
    for _ in range(3):
        call(endpoints, stage, request_id=CHOSEN)
    known = {**lacking, "request_id_reused": 2}
    until(lambda: unlike(tmp_path, their_aforo, capsys) == known)

    served = switched(endpoints, stage, endpoints.access_log_group)
    served += switched(endpoints, stage, THEIR_GROUP)

    def bills() -> tuple[Counter[str], Counter[str]]:
        """Theirs and ours, of what was served around the switches."""
        theirs = Counter(one for one in their_ids(their_aforo) if one in served)
        ours = Counter(e["metadata"]["extendedRequestId"] for e in billed(endpoints, *served))
        return theirs, ours

    until(lambda: set(served) == set().union(*bills()), seconds=120)
    until(lambda: waiting(endpoints, "usage") == 0)
    theirs, ours = bills()
    assert set((theirs + ours).values()) == {1}
    assert min(theirs.total(), ours.total()) >= AROUND
    assert unlike(tmp_path, their_aforo, capsys) == known
