"""CloudWatch Logs: log lines come in as they happen; every one is in its log group in the end.

Lines of one `LogEntry` (a request's) go into one stream and one put, in order. Each stream is
flushed by itself, in batches that AWS accepts, and tried again until accepted: a line is given up
only when `close` runs out of time, and then counted and reported.
"""

import asyncio
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.local.gateway.log_batch import LogEntry, batches

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

FLUSH_SECONDS: Final = 0.3
RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
REPORT_EVERY: Final = 20  # tries; an outage must not fill the terminal
PUT_WORKERS: Final = 4


@dataclass
class _Stream:
    """A stream's name, what waits for it, and its flusher."""

    group: str
    name: str
    waiting: list[LogEntry] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


@dataclass
class LogWriter:
    """Writes to any number of groups, `streams` streams each; used on one event loop only."""

    streams: int
    on_accepted: Callable[[LogEntry], None]
    flush_seconds: float = FLUSH_SECONDS
    _groups: dict[str, list[_Stream]] = field(default_factory=dict)
    _turn: dict[str, Any] = field(default_factory=dict)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(PUT_WORKERS, thread_name_prefix="put-logs")
    )

    def __post_init__(self) -> None:
        config = Config(max_pool_connections=PUT_WORKERS, retries={"total_max_attempts": 1})
        self._client: CloudWatchLogsClient = boto3.client("logs", config=config)

    def write(self, group: str, entry: LogEntry) -> None:
        """Take over the lines of one request."""
        if group not in self._groups:
            self._groups[group] = [
                _Stream(group, secrets.token_hex(16)) for _ in range(self.streams)
            ]
            self._turn[group] = cycle(self._groups[group])
        stream: _Stream = next(self._turn[group])
        stream.waiting.append(entry)
        if stream.task is None or stream.task.done():
            stream.task = asyncio.create_task(self._flush(stream))

    def pending(self) -> int:
        """Requests whose lines are not in CloudWatch Logs yet."""
        return sum(len(stream.waiting) for group in self._groups.values() for stream in group)

    async def close(self, timeout_seconds: float) -> int:
        """Flush everything now; answers how many entries could not be written in time."""
        self._closing.set()
        tasks = [s.task for group in self._groups.values() for s in group if s.task]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_seconds)
        self._pool.shutdown(wait=False, cancel_futures=True)
        return self.pending()

    async def _flush(self, stream: _Stream) -> None:
        while stream.waiting:
            await self._pause(self.flush_seconds)
            for batch in batches(list(stream.waiting)):
                await self._put_until_accepted(stream, batch)
                # Only now does it leave the waiting list: a crash before is visible as pending.
                del stream.waiting[: len(batch)]

    async def _put_until_accepted(self, stream: _Stream, batch: Sequence[LogEntry]) -> None:
        tries = 0
        while True:
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(self._pool, self._put, stream, batch)
            except (ClientError, BotoCoreError) as error:
                if tries % REPORT_EVERY == 0:
                    print(f"gateway: log put failed, trying again: {error}", file=sys.stderr)
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
            else:
                break
        for entry in batch:
            self.on_accepted(entry)

    def _put(self, stream: _Stream, batch: Sequence[LogEntry]) -> None:
        events = sorted(
            ((at, message) for entry in batch for at, message in entry.events),
            key=lambda event: event[0],
        )
        try:
            self._put_events(stream, events)
        except ClientError as error:
            if _code_of(error) != "ResourceNotFoundException":
                raise
            self._create(stream)
            self._put_events(stream, events)

    def _put_events(self, stream: _Stream, events: Sequence[tuple[int, str]]) -> None:
        self._client.put_log_events(
            logGroupName=stream.group,
            logStreamName=stream.name,
            logEvents=[{"timestamp": at, "message": message} for at, message in events],
        )

    def _create(self, stream: _Stream) -> None:
        with _existing_is_fine():
            self._client.create_log_group(logGroupName=stream.group)
        with _existing_is_fine():
            self._client.create_log_stream(logGroupName=stream.group, logStreamName=stream.name)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return


def _code_of(error: ClientError) -> str:
    """The error's code. `client.exceptions` is made lazily, and not thread-safe."""
    return error.response["Error"]["Code"]


@contextmanager
def _existing_is_fine() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _code_of(error) != "ResourceAlreadyExistsException":
            raise
