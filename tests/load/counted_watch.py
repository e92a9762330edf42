"""When each request was counted, seen from outside: keys that are expected come in; the time at
which a look found each one's mark in Redis leaves. It is never less than the true one, and more by
at most the time between two looks.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from redis import Redis

from functions.usage.mark import CELLS_PER_HOUR, HourOfMeter, cell_of, mark_of
from tests.load.served_requests import Billable, ServedRequests
from tests.local.customers import METER

MINUTE_MS = 60_000


class _Place(NamedTuple):
    payer: str
    cell: int


@dataclass
class CountedWatch:
    """`counted`: by key, epoch milliseconds."""

    client: Redis
    tenant: str
    requests: ServedRequests
    counted: dict[str, int] = field(default_factory=dict)
    _known: int = 0
    _waiting: defaultdict[_Place, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def waiting(self) -> int:
        """Served, and not counted when looked at last."""
        return sum(map(len, self._waiting.values()))

    def look(self) -> None:
        found = self.requests.billable(self._known)
        self._known += len(found)
        for one in found:
            self._expect(one)
        asked = [(place, [*marks]) for place, marks in self._waiting.items() if marks]
        pipe = self.client.pipeline(transaction=False)
        for place, marks in asked:
            sets = self._sets(place)
            pipe.smismember(sets.first_set(), marks)
            pipe.smismember(sets.cell_set(place.cell), marks)
        answers = pipe.execute()
        now_ms = time.time_ns() // 1_000_000
        pairs = zip(answers[::2], answers[1::2], strict=True)
        for (place, marks), (in_first, in_cell) in zip(asked, pairs, strict=True):
            for mark, *there in zip(marks, in_first, in_cell, strict=True):
                if any(there):
                    self.counted[self._waiting[place].pop(mark)] = now_ms

    def _expect(self, one: Billable) -> None:
        mark = mark_of(one.key)
        self._waiting[_Place(one.payer, cell_of(one.at_ms // MINUTE_MS, mark))][mark] = one.key

    def _sets(self, place: _Place) -> HourOfMeter:
        return HourOfMeter(self.tenant, place.payer, METER, place.cell // CELLS_PER_HOUR)
