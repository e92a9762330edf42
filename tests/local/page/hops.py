"""A glance comes in; each stop of the walk with its figures in words leaves, and the sentence that
stands above all of it. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from functions.usage.metric import Metric
from tests.local.page.glance import Glance, KeptReason, QueueLevel, RunReport
from tests.local.page.request_book import Billing

# held: it waits and goes on by itself; person: somebody has to do something.
type Mood = Literal["", "held", "person"]


@dataclass(frozen=True, slots=True)
class Hop:
    """A box of the drawing. `says` are its figures, at most two lines."""

    name: str
    says: tuple[str, ...]
    mood: Mood = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """What a person wants to know first. `more` says what to do, where there is something."""

    says: str
    more: str
    mood: Mood


def hops_of(glance: Glance) -> Mapping[str, Hop]:
    """By the ids that the drawing places them by, in the order of the walk."""
    return dict(_hops(glance))


def _hops(glance: Glance) -> Iterator[tuple[str, Hop]]:
    gateway, aforo = glance.gateway, glance.aforo
    metric = glance.metric
    yield "client", Hop("Clients", ("call the API",))
    yield "gateway", Hop("API Gateway", _served(glance))
    yield "authorizer", Hop("Authorizer", _decisions(gateway.by_status))
    yield "redis", Hop("Counters (Redis)", (_used(glance), _lag(glance.lag_seconds)))
    yield "log", _log_hop(glance.served, gateway.unwritten)
    yield (
        "metering",
        Hop(
            "Metering",
            (
                f"{metric(Metric.REQUESTS_BILLED, 'metering'):,} billable",
                f"{metric(Metric.REQUESTS_EXCLUDED, 'metering'):,} excluded",
            ),
        ),
    )
    yield "usage", _queue_hop("UsageQueue", glance.queue("usage"), "held")
    yield "forwarder", _forwarder_hop(glance)
    yield (
        "aforo",
        Hop(
            "Aforo (stand-in)",
            (f"{aforo.accepted:,} billed", ", ".join(aforo.faults) or "is up"),
            "held" if aforo.faults else "",
        ),
    )
    yield "ledger", _ledger_hop(glance)
    yield "settled", _queue_hop("SettledUsageQueue", glance.queue("settled"), "held")
    counted = metric(Metric.EVENTS_COUNTED, "reconciliation")
    yield "reconciliation", Hop("Reconciliation", (f"{counted:,} counted",))
    yield "dead", _queue_hop("UsageDeadLetterQueue", glance.queue("usage_dead_letter"), "person")
    yield "quarantine", _kept_hop("Quarantine", "object", glance.quarantined)
    yield "replay", _run_hop("Replay", glance.last_replay)
    yield "audit", _run_hop("Audit", glance.last_audit)


def _served(glance: Glance) -> tuple[str, ...]:
    told = (f"{glance.served:,} served",)
    return (*told, f"{glance.unmetered:,} not metered") if glance.unmetered else told


def _decisions(by_status: Mapping[str, int]) -> tuple[str, ...]:
    refused = {status: by_status.get(status, 0) for status in ("401", "403", "429")}
    allowed = sum(by_status.values()) - sum(refused.values())
    told = ", ".join(f"{times:,} with {status}" for status, times in refused.items() if times)
    return f"{allowed:,} allowed", told or "none refused"


def _used(glance: Glance) -> str:
    return f"{sum(one.used or 0 for one in glance.customers):,} used"


def _lag(seconds: float | None) -> str:
    return "no heartbeat yet" if seconds is None else f"lag {seconds:.1f} s"


def _log_hop(served: int, unwritten: int) -> Hop:
    told = f"{unwritten:,} being written" if unwritten else "all written"
    return Hop("Gateway's logs", (f"{served - unwritten:,} requests", told))


def _queue_hop(name: str, level: QueueLevel, mood: Mood) -> Hop:
    if not level.messages:
        return Hop(name, ("empty",))
    told = [f"{level.hidden:,} in hand or held"] if level.hidden else []
    return Hop(name, (_many(level.messages, "message"), *told), mood)


def _forwarder_hop(glance: Glance) -> Hop:
    posts, held = (glance.metric(name, "forwarder") for name in (Metric.POSTS, Metric.EVENTS_HELD))
    confirmed = glance.metric(Metric.EVENTS_CONFIRMED, "forwarder")
    tries = f", {held:,} tries held" if held else ""
    return Hop("Forwarder", (f"{confirmed:,} confirmed", f"{_many(posts, 'post')}{tries}"))


def _ledger_hop(glance: Glance) -> Hop:
    confirmed, aside = (glance.ledger.get(one, 0) for one in ("confirmed", "set_aside"))
    return Hop("Ledger (S3)", (f"{confirmed:,} confirmed", f"{aside:,} set aside"))


def _kept_hop(name: str, what: str, kept: tuple[KeptReason, ...]) -> Hop:
    times = sum(one.times for one in kept)
    if not times:
        return Hop(name, ("empty",))
    return Hop(name, (_many(times, what), kept[0].reason), "person")


def _run_hop(name: str, run: RunReport | None) -> Hop:
    if run is None:
        return Hop(name, ("none yet",))
    return Hop(name, (run.status.lower().replace("_", " "), f"{run.started_at[11:19]}Z"))


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def headline_of(glance: Glance) -> Headline:
    """The worst first: what does not answer, what needs a person, what waits."""
    waiting = glance.billing.get(Billing.WAITING, 0)
    if glance.not_read:
        return Headline(
            "Part of the local cloud does not answer", "; ".join(glance.not_read), "person"
        )
    if glance.aforo.is_down:
        told = f"{_many(waiting, 'request')} not billed yet" if waiting else "Nothing waits yet"
        return Headline("Aforo is down", f"{told}; nothing is lost. {_person(glance)}", "held")
    if person := _person(glance):
        return Headline("Something needs a person", person, "person")
    if not glance.served:
        return Headline("Nothing was served yet", "Send some traffic.", "")
    if waiting:
        return Headline(
            "Usage is on its way", f"{_many(waiting, 'request')} not billed yet.", "held"
        )
    return Headline("Every billable request is billed", "", "")


def _person(glance: Glance) -> str:
    aside = sum(one.times for one in glance.set_aside)
    kept = sum(one.times for one in glance.quarantined)
    told = [
        f"{_many(aside, 'event')} set aside: replay" if aside else "",
        f"{_many(kept, 'object')} in quarantine: mend the cause, then replay it" if kept else "",
    ]
    return "; ".join(filter(None, told))
