"""The log writer against a CloudWatch Logs endpoint that fails, over real HTTP."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.local.gateway.log_batch import LogEntry
from tests.local.gateway.log_writer import LogWriter


@dataclass
class FailingLogs:
    """PutLogEvents that fails for a while; keeps what it accepted, by stream."""

    failures: int
    puts: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    created: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.Response:
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        body = json.loads(await request.read())
        if operation == "CreateLogGroup":
            return self._reply({"__type": "ResourceAlreadyExistsException"}, 400)
        if operation == "CreateLogStream":
            self.created.add(body["logStreamName"])
            return self._reply({})
        if body["logStreamName"] not in self.created:
            return self._reply({"__type": "ResourceNotFoundException"}, 400)
        if self.failures:
            self.failures -= 1
            return self._reply({"__type": "ServiceUnavailableException"}, 503)
        self.puts.append((body["logStreamName"], body["logEvents"]))
        return self._reply({})

    def _reply(self, body: dict[str, str], status: int = 200) -> web.Response:
        return web.json_response(body, status=status, content_type="application/x-amz-json-1.1")


async def write(
    logs: FailingLogs,
    entries: list[LogEntry],
    monkeypatch: pytest.MonkeyPatch,
    *,
    close_seconds: float = 60,
) -> tuple[int, list[LogEntry]]:
    """Write the entries, close, and answer what was lost and what was reported as accepted."""
    application = web.Application()
    application.router.add_post("/", logs.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{runner.addresses[0][1]}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    accepted: list[LogEntry] = []
    writer = LogWriter(3, accepted.append)
    for entry in entries:
        writer.write("group", entry)
    lost = await writer.close(close_seconds)
    await runner.cleanup()
    return lost, accepted


def entries_of(count: int) -> list[LogEntry]:
    return [LogEntry(((n, f"{n}-first"), (n + 1, f"{n}-second"))) for n in range(count)]


def test_every_line_is_written_once_although_puts_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A put that failed is tried again, the lines of an entry stay together and in order."""
    logs, entries = FailingLogs(failures=4), entries_of(30)
    lost, accepted = asyncio.run(write(logs, entries, monkeypatch))
    assert lost == 0
    assert len(accepted) == 30
    written = [event for _, events in logs.puts for event in events]
    expected = Counter(text for entry in entries for _, text in entry.events)
    assert Counter(event["message"] for event in written) == expected
    for _, events in logs.puts:
        stamps = [event["timestamp"] for event in events]
        assert stamps == sorted(stamps)
        texts = [event["message"] for event in events]
        firsts = [text for text in texts if text.endswith("first")]
        assert all(texts.index(t.replace("first", "second")) > texts.index(t) for t in firsts)
    assert len({stream for stream, _ in logs.puts}) == 3


def test_lines_that_could_not_be_written_in_time_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closing tells how many entries were lost: never silently."""
    logs = FailingLogs(failures=10_000)
    lost, accepted = asyncio.run(write(logs, entries_of(5), monkeypatch, close_seconds=3))
    assert (lost, accepted) == (5, [])
