"""CloudWatch Logs' subscription: lines come in, deliveries leave, at least once: late, again, in
other groups; and none at all while the filter is away.
"""

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from gzip import compress
from itertools import chain, groupby

from tests.simulation.aws.asynchronous import Asynchronous
from tests.simulation.aws.simulated_log import LogEvent, SimulatedLog
from tests.simulation.disturbances import ChaosKind
from tests.simulation.gateway_request import ACCOUNT
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.road_places import LOG

MOST_REQUESTS = 60
CUT = 0.2  # of the deliveries of an execution log
SOON, LATE, AGAIN = (1.0, 15.0), (60.0, 900.0), (5.0, 600.0)  # seconds


type Lines = tuple[LogEvent, ...]  # of one request


@dataclass(eq=False)
class Subscription:
    """Of one log group. `unsent` are the lines that no delivery will ever bring: all lines of a
    request or none, since its lines are of one moment. `heard` are told the keys of each delivery.
    """

    sim: Simulation
    log: SimulatedLog
    metering: Asynchronous
    pending: dict[str, list[LogEvent]] = field(default_factory=lambda: defaultdict(list))
    unsent: list[LogEvent] = field(default_factory=list)
    heard: list[Callable[[tuple[str, ...]], None]] = field(default_factory=list)
    _before: dict[str, list[Lines]] = field(default_factory=dict)  # the last delivery, by stream
    _request: int = 0  # whose lines are coming
    _is_lost: bool = False

    def __post_init__(self) -> None:
        self.log.watchers.append(self._heard)

    def is_quiet(self) -> bool:
        return not any(self.pending.values()) and not self.metering.waiting

    def _heard(self, event: LogEvent) -> None:
        if not event.request or event.request != self._request:
            self._request = event.request
            self._is_lost = self.sim.troubles.happens(ChaosKind.DELIVERY_LOST)
        if self._is_lost:
            self.unsent.append(event)
            return
        lines = self.pending[event.stream]
        lines.append(event)
        if len(lines) == 1:
            is_late = self.sim.troubles.happens(ChaosKind.DELIVERY_LATE)
            seconds = self.sim.world.chance("delivery").uniform(*(LATE if is_late else SOON))
            self.sim.world.after(seconds, lambda: self._flush(event.stream))

    def _flush(self, stream: str) -> None:
        requests, self.pending[stream] = _requests(self.pending[stream]), []
        troubles = self.sim.troubles
        for some in self._groups(requests):
            again = self._before.get(stream, [])
            if again and troubles.happens(ChaosKind.DELIVERY_REGROUPED):
                again = self.sim.world.chance("regrouping").sample(again, (len(again) + 1) // 2)
            else:
                again = []
            self._deliver([*again, *some])
            self._before[stream] = some
            lines = chain.from_iterable(some)
            self.sim.whereabouts.leave(LOG, [key for one in lines for key in one.keys])
            if troubles.happens(ChaosKind.DELIVERY_TWICE):
                seconds = self.sim.world.chance("delivery").uniform(*AGAIN)
                self.sim.world.after(seconds, lambda some=some: self._deliver(some))  # type: ignore[misc]

    def _groups(self, requests: list[Lines]) -> Iterator[list[Lines]]:
        """As large as deliveries are. Now and then one ends in the middle of a request."""
        cuttable = [place for place, lines in enumerate(requests) if len(lines) > 1]
        if cuttable:
            chance = self.sim.world.chance("deliveries end in a request")
            if chance.random() < CUT:
                place = chance.choice(cuttable)
                lines = requests[place]
                middle = chance.randrange(1, len(lines))
                yield from self._groups_of([*requests[:place], lines[:middle]])
                requests = [lines[middle:], *requests[place + 1 :]]
        yield from self._groups_of(requests)

    def _groups_of(self, requests: list[Lines]) -> Iterator[list[Lines]]:
        for start in range(0, len(requests), MOST_REQUESTS):
            yield requests[start : start + MOST_REQUESTS]

    def _deliver(self, requests: list[Lines]) -> None:
        lines = list(chain.from_iterable(requests))
        keys = tuple(key for one in lines for key in one.keys)
        for told in self.heard:
            told(keys)
        self.metering.invoke(payload_of(self.log.name, lines), keys)


def _requests(lines: list[LogEvent]) -> list[Lines]:
    """The lines of each; a line of an access log is a request by itself."""
    return [tuple(some) for _, some in groupby(lines, lambda one: one.request or one.event_id)]


def payload_of(log_group: str, lines: list[LogEvent]) -> dict[str, object]:
    """The Lambda event for lines of one stream."""
    envelope = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": log_group,
        "logStream": lines[0].stream,
        "subscriptionFilters": ["usage"],
        "logEvents": [
            {"id": one.event_id, "timestamp": one.timestamp, "message": one.message}
            for one in lines
        ],
    }
    data = compress(json.dumps(envelope).encode(), 1, mtime=0)
    return {"awslogs": {"data": b64encode(data).decode()}}
