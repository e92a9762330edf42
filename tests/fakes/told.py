"""What metering told an audit, read again; and metering, asked and given deliveries."""

import json
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from functions.adapters.telemetry import Telemetry
from functions.metering.accounting import Accounting
from functions.metering.configuration.version import Configuration
from functions.metering.declared_source import DeclaredSource
from functions.metering.intake import Intake
from functions.metering.metered_again import MeteredDelivery
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, subscription_payload
from tests.fakes.metering import FakeKeeper, FakeQueue, FixedTerms

OWN_LOG_GROUP = "/aws/lambda/metering"
NOW_MS = REQUEST_TIME_MS + 3_600_000
ALWAYS = {"fromMs": 0, "toMs": 10**14}


class Told(NamedTuple):
    """The answer's members as they are; empty where nothing was told."""

    billed: list[tuple[str, list[int], list[tuple[str, str, float, str]]]]
    excluded: dict[str, dict[str, int]]
    quarantined: list[tuple[str, list[int]]]
    quarantined_whole: str
    unended: list[list[int]]

    @classmethod
    def of(cls, answer: dict[str, object]) -> "Told":
        """What is no account fails here."""
        text = json.loads(json.dumps(answer))["account"]
        said: dict[str, Any] = json.loads(zlib.decompress(b64decode(text))) if text else {}
        return cls(
            [(who, at, [tuple(row) for row in rows]) for who, at, rows in said.get("billed", [])],
            said.get("excluded", {}),
            [(reason, at) for reason, at in said.get("quarantined", [])],
            said.get("quarantinedWhole", ""),
            said.get("unended", []),
        )

    def event_keys(self) -> list[str]:
        return [row[0] for _, _, rows in self.billed for row in rows]

    def counts(self) -> Counter[str]:
        """Requests by what became of them."""
        found = Counter({f"excluded {why}": sum(of.values()) for why, of in self.excluded.items()})
        found.update(f"quarantined {why}" for why, _ in self.quarantined)
        found.update({"billed": len(self.billed), "unended": len(self.unended)})
        return +found

    def places(self) -> list[int]:
        """Of the lines of what is not excluded."""
        lines = [*(at for _, at, _ in self.billed), *(at for _, at in self.quarantined)]
        return [place for at in lines for place in at]


class AskedMetering:
    """One metering function and its neighbours."""

    def __init__(self, configuration: Configuration, tenant_header: str | None = None) -> None:
        self.source = DeclaredSource(REGION, tenant_header=tenant_header)
        self.terms = FixedTerms(configuration)
        self.accounting = Accounting(self.source, self.terms, lambda: NOW_MS)
        self.queue = FakeQueue()

    def ask(
        self, log_events: Sequence[object], asked: object = ALWAYS, **envelope: object
    ) -> dict[str, object]:
        payload = subscription_payload([], logEvents=log_events, **envelope)
        return self.accounting.answer({**payload, "audit": asked}, OWN_LOG_GROUP)

    def told(
        self, log_events: Sequence[object], asked: object = ALWAYS, **envelope: object
    ) -> Told:
        return Told.of(self.ask(log_events, asked, **envelope))

    def take(self, log_events: Sequence[object], **envelope: object) -> MeteredDelivery:
        """As a delivery; its events are on `queue`."""
        return self.take_payload(subscription_payload([], logEvents=log_events, **envelope))

    def take_payload(self, payload: object) -> MeteredDelivery:
        """A Lambda event, taken for a delivery whatever else it asks."""
        self.queue.bodies.clear()
        return Intake(
            source=self.source,
            terms=self.terms,
            keeper=FakeKeeper(),
            queue=self.queue,
            telemetry=Telemetry("metering"),
            now_ms=lambda: NOW_MS,
        ).take(payload, OWN_LOG_GROUP)

    def sent_keys(self) -> list[str]:
        """Of the events that were sent."""
        bodies = map(json.loads, self.queue.bodies)
        return [event["idempotencyKey"] for body in bodies for event in body["events"]]


def counts_of(taken: MeteredDelivery) -> Counter[str]:
    """As `Told.counts` has them, of a delivery that was metered."""
    answer = taken.answer()
    found: Counter[str] = Counter()
    for name in ("excluded", "quarantined"):
        reasons = answer[name]
        assert isinstance(reasons, dict)
        found.update({f"{name} {reason}": times for reason, times in reasons.items()})
    found["billed"] = taken.found.billed if taken.found else 0
    return +found


def together(parts: Iterable[Told]) -> Counter[str]:
    """The counts of several windows."""
    return sum((part.counts() for part in parts), Counter())
