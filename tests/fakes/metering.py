"""Stand-ins for metering's neighbours that keep what they are given, or fail when told to."""

import json
from collections.abc import Iterable, Sequence

from functions.metering.billing.decide import Billed, Billing
from functions.metering.configuration.version import Configuration
from functions.metering.quarantine import QuarantineObject
from functions.usage.errors import Retryable
from functions.usage.event import UsageEvent
from functions.usage.outcome import Excluded, Quarantined


class Events(tuple[UsageEvent, ...]):  # noqa: SLOT001 - a tuple's subclass can have none
    """The events of one request, read again; `omitted` as billing says it."""

    omitted: Sequence[str] = ()


def readable(billing: Billing) -> Events | Excluded | Quarantined:
    """What became of a request, its events as a test looks at them."""
    if not isinstance(billing, tuple):
        return billing
    events = Events(map(json.loads, billing))
    if isinstance(billing, Billed):
        events.omitted = billing.omitted
    return events


def events_of(billing: Billing) -> tuple[UsageEvent, ...]:
    """The events of a billable request; none where it is not billed."""
    found = readable(billing)
    return found if isinstance(found, Events) else ()


class FakeQueue:
    """The usage queue."""

    def __init__(self, journal: list[str] | None = None) -> None:
        self.bodies: list[str] = []
        self.is_down = False
        self._journal = [] if journal is None else journal

    def send(self, bodies: Iterable[str]) -> int:
        if self.is_down:
            raise Retryable("the queue is down")
        sent = list(bodies)
        self.bodies += sent
        self._journal += ["queue"] * bool(sent)
        return len(sent)


class FakeKeeper:
    """The quarantine: a bucket, where one name holds one object."""

    def __init__(self, journal: list[str] | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.is_down = False
        self._journal = [] if journal is None else journal

    def keep(self, objects: Iterable[QuarantineObject]) -> int:
        if self.is_down:
            raise Retryable("the quarantine is down")
        kept = list(objects)
        self.objects.update((entry.key, entry.body) for entry in kept)
        self._journal += ["quarantine"] * bool(kept)
        return len(kept)


class FixedTerms:
    """A configuration that does not change."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    def current(self) -> Configuration:
        return self.configuration
