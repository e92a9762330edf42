"""Requests at a rate, as lines that the load itself puts into the access log: by the gateway's own
writer, into as many streams and gathered for as long, so that deliveries are as large.

Open loop: a line says when its request was due, and is there within a twentieth of a second of it.
"""

import asyncio
import random
import time
from dataclasses import dataclass

from tests.kills.made_requests import MadeRequest, made_request
from tests.load.load_cloud import LoadCloud
from tests.load.served_requests import Billable, ServedRequests
from tests.local import cloud
from tests.local.gateway.log_batch import LogEntry
from tests.local.gateway.log_writer import LogWriter

TICK_SECONDS = 0.05
CLOSE_SECONDS = 60.0
_STREAMS, _FLUSH_SECONDS = int(cloud.LOG_OPTIONS[1]), float(cloud.LOG_OPTIONS[3])


@dataclass(frozen=True, slots=True)
class LineWriting:
    cloud: LoadCloud
    requests: ServedRequests
    chance: random.Random

    async def drive(self, rate: float, seconds: float) -> float:
        """The seconds that the lines are of; all are in the log when it returns."""
        writer = LogWriter(_STREAMS, lambda _: None, _FLUSH_SECONDS)
        began, began_ms, made = time.monotonic(), time.time_ns() // 1_000_000, 0
        while (passed := time.monotonic() - began) < seconds:
            due = int(passed * rate) + 1
            times = [began_ms + round(number * 1000 / rate) for number in range(made, due)]
            self._write(writer, times)
            made = max(made, due)
            await asyncio.sleep(TICK_SECONDS)
        took = time.monotonic() - began
        if unwritten := await writer.close(CLOSE_SECONDS):
            raise RuntimeError(f"{unwritten} lines could not be put into the log")
        return took

    def _write(self, writer: LogWriter, times: list[int]) -> None:
        made = [
            (at, made_request(self.chance, self.cloud.api, self.cloud.payers, at)) for at in times
        ]
        # Expected before it can be counted.
        self.requests.add(len(made), _billable(made))
        for at_ms, one in made:
            writer.write(self.cloud.endpoints.access_log_group, LogEntry(((at_ms, one.line),)))


def _billable(made: list[tuple[int, MadeRequest]]) -> list[Billable]:
    return [Billable(one.key, one.payer, at) for at, one in made if one.payer is not None]
