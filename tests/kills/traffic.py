"""Deliveries on their way to metering, from several senders at a time; how many went leaves.

It goes on until there are enough events and nobody needs it any more. It runs no further ahead than
it is let, so that the kills are spread over it, and waits where the queues have enough to do.
"""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.kills.log_deliveries import LogDeliveries
from tests.kills.made_requests import MadeDelivery

LOOK_SECONDS = 0.05
# Messages of up to 64 KB in UsageQueue: some invocations of the forwarder at work.
MOST_WAITING = 60
_KEPT_PAYLOADS = 50


@dataclass
class Traffic:
    """`billable` has each key that was put into the log, with who is to pay for it."""

    deliveries: LogDeliveries
    made: Iterator[MadeDelivery]
    events: int
    senders: int
    seed: int
    billable: dict[str, str] = field(default_factory=dict)
    lines: int = 0
    sent: int = 0
    repeated: int = 0
    waiting: int = 0  # in UsageQueue, as somebody saw it last
    allowed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _faults: list[BaseException] = field(default_factory=list)

    def start(self) -> None:
        for number in range(self.senders):
            thread = threading.Thread(target=self._send, args=(number,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def allow(self, events: int) -> None:
        """To go on to so many, of which there may be more than were asked for."""
        self.allowed = max(self.allowed, events)

    def finish(self) -> None:
        """Enough was killed: as soon as there were enough events it is over. Waits for that, and
        raises what a sender met.
        """
        self._is_over.set()
        self.allow(self.events)
        for thread in self._threads:
            thread.join()
        self.check()

    def check(self) -> None:
        if self._faults:
            raise self._faults[0]

    def _send(self, number: int) -> None:
        try:
            self._send_all(f"kills-{number}", random.Random(f"{self.seed} {number}"))
        except BaseException as fault:  # noqa: BLE001 - told by whoever waits for it
            self._faults.append(fault)

    def _send_all(self, stream: str, chance: random.Random) -> None:
        earlier: list[dict[str, object]] = []
        self.deliveries.make_stream(stream)
        while not (self._is_over.is_set() and self.sent >= self.events):
            if self.sent >= self.allowed or self.waiting > MOST_WAITING:
                time.sleep(LOOK_SECONDS)
                continue
            delivery = self._next()
            payload = self.deliveries.write(delivery, stream)
            self.deliveries.deliver(payload)
            earlier = [*earlier, payload][-_KEPT_PAYLOADS:]
            if delivery.is_repeated:  # CloudWatch Logs delivers at least once, and in no order
                self.repeated += 1
                self.deliveries.deliver(chance.choice(earlier))

    def _next(self) -> MadeDelivery:
        with self._lock:
            delivery = next(self.made)
            self.lines += len(delivery.requests)
            self.sent += delivery.billable
            self.billable.update(
                (one.key, one.payer) for one in delivery.requests if one.payer is not None
            )
            return delivery
