"""What is promised of the road, watched: nothing is lost, nothing is billed twice, and each event
is the one that is due.
"""

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from tests.local.aforo.book import Entry
from tests.simulation.oracle import Oracle
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.aforo_place import AforoPlace
from tests.simulation.usage_road.road_places import LEDGER, LOG, QUARANTINE, USAGE_DEAD_LETTERS

_HOUR_OBJECT = re.compile(r"ledger/\d{4}-\d\d-\d\d/\d\d/[^/]+\.json\.gz")
_KEPT = ("quarantine/", "aws/lambda/async/")
_EXTENDED_ID = re.compile(r"R\d{10}=")
_GZIP = 31


@dataclass(eq=False)
class Promises:
    """`rows` is the ledger as a set by key: what is confirmed stays so."""

    sim: Simulation
    oracle: Oracle
    aforo: AforoPlace
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)  # keys of which Aforo said that it has them
    quarantined: list[Callable[[list[str]], None]] = field(default_factory=list)  # are told of keys
    # Where it may be at the end, if nobody puts it right.
    parked: set[str] = field(default_factory=lambda: {USAGE_DEAD_LETTERS, QUARANTINE, LOG})

    def __post_init__(self) -> None:
        self.sim.buckets[LEDGER].watchers.append(self._ledger_has)
        self.sim.buckets[QUARANTINE].watchers.append(self._quarantine_has)
        self.aforo.book.heard.append(self._booked)
        self.sim.end_checks.append(self.unsettled)
        self.sim.checks += [self._nothing_is_lost, self._nothing_is_billed_twice]

    def _nothing_is_lost(self) -> str:
        lost = self.sim.whereabouts.lost
        if not lost:
            return ""
        key = min(lost)
        place = self.sim.whereabouts.last_seen.get(key, "nowhere")
        number = self.oracle.due[key].number
        return f"invariant 1: request {number} ({key}) is nowhere; it was last in: {place}"

    def _nothing_is_billed_twice(self) -> str:
        again = self.aforo.book.billed_again
        return f"invariant 2: {again} events were billed twice" if again else ""

    def _booked(self, entry: Entry) -> None:
        event = entry.event
        fault = self.oracle.fault(
            event["idempotencyKey"],
            event["customerId"],
            event["quantity"],
            event["occurredAt"],
            event["metricName"],
        )
        if fault:
            self.sim.accuse(f"invariant 3: Aforo booked that {fault}")

    def _ledger_has(self, name: str, _before: bytes | None, body: bytes | None) -> None:
        if body is None or not _HOUR_OBJECT.fullmatch(name):
            return
        for line in zlib.decompress(body, _GZIP).splitlines():
            self._row(from_json(line))

    def _row(self, row: dict[str, Any]) -> None:
        key = row["key"]
        fault = self.oracle.fault(
            key, row["customerId"], row["quantity"], row["occurredAt"], row["meter"]
        )
        if fault:
            self.sim.accuse(f"invariant 3: the ledger says that {fault}")
        if row["outcome"] == "confirmed":
            self.rows[key] = row
            self.sim.whereabouts.is_home([key])
        else:
            self.rows.setdefault(key, row)

    def _quarantine_has(self, name: str, before: bytes | None, body: bytes | None) -> None:
        if not name.startswith(_KEPT):
            return
        keys = self._keys_in(name, body)
        self.sim.whereabouts.enter(QUARANTINE, keys)
        for told in self.quarantined:
            told(keys)
        self.sim.whereabouts.leave(QUARANTINE, self._keys_in(name, before))

    def _keys_in(self, name: str, body: bytes | None) -> list[str]:
        """Of the requests whose lines it keeps."""
        found = _EXTENDED_ID.findall(_text(name, body)) if body else []
        names = dict.fromkeys(found)
        return [key for one in names for key in self.oracle.keys_of.get(one, ())]

    def unsettled(self) -> Iterator[str]:
        """At the end: what is due and not booked, or not in the ledger as confirmed."""
        booked = {entry.event["idempotencyKey"] for entry in self.aforo.book.entries}
        confirmed = {key for key, row in self.rows.items() if row["outcome"] == "confirmed"}
        for key, due in self.oracle.due.items():
            places = self.sim.whereabouts.where(key)
            if self.parked.intersection(places):
                continue
            if key not in booked:
                where = ", ".join(places) or "nowhere"
                yield f"request {due.number} ({key}) is not in Aforo's book; it is in: {where}"
            elif key not in confirmed and key not in self.decided:
                yield f"request {due.number} ({key}) is billed, and the ledger does not know it"


def _text(name: str, body: bytes) -> str:
    """A record of OnFailure's, and an object of a whole delivery, hold the payload packed."""
    content = json.loads(body)
    payload = content.get("requestPayload") if name.startswith(_KEPT[1]) else content.get("payload")
    data = payload.get("awslogs", {}).get("data") if isinstance(payload, dict) else payload
    return (
        zlib.decompress(b64decode(data), _GZIP).decode() if isinstance(data, str) else body.decode()
    )
