"""How many seconds ago is everything that was served at its end? Whether UsageQueue is empty and
CloudWatch's figures come in; a moment and the reason in words leave. Pure.

Each figure bounds it from above, and the least bound holds:

* An empty queue has nothing of any age, whatever its figures said. Of another SQS knows the oldest
  message, but not one that was received more than three times, and one that was put back is new to
  it. Those were held: `OldestHeldAge` has their true age when they were, and each comes back within
  the longest wait. So no datapoint in that time means that nothing is held, and a queue that is not
  empty, and of whose age nothing is known, is doubt.
* Metering's deliveries wait where nobody can look: in Lambda's own queue. There are none but those
  that it cannot start (their age shows), that failed (two more tries), or that it throttled (up to
  six hours).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from functions.audit.comparison.road_figures import RoadFigures

# From a line of the log to its message on the queue, and to its delivery at Lambda (AWS: usually
# within three minutes): what waits since a moment was served this much before it at most.
DELIVERED_SECONDS = 300
# SQS and Lambda publish a minute late or two.
RECENT_SECONDS = 15 * 60
# Three tries of metering's 60 s, with a minute and two between them.
RETRIED_SECONDS = 360
THROTTLED_SECONDS = 21_600  # MaximumEventAgeInSeconds
# A start takes seconds; a delivery that waits for longer waits for something.
WAITING_SECONDS = 60
NEVER = datetime.fromtimestamp(0, UTC)


class RoadState(NamedTuple):
    """Everything that was served before `clear_until` is at its end, as far as anybody can see."""

    clear_until: datetime
    why: str


def road_state(now: datetime, figures: RoadFigures, *, is_queue_empty: bool) -> RoadState:
    """Doubt is not clear. `figures` reach back to the longest wait of what is held."""
    bounds = [RoadState(now, "nothing is under way"), *_of_metering(now, figures)]
    if not is_queue_empty:
        bounds += _of_queue(now, figures)
    return min(bounds, key=lambda bound: bound.clear_until)


def _of_queue(now: datetime, figures: RoadFigures) -> Iterator[RoadState]:
    if not figures.waiting_ages:
        yield RoadState(NEVER, "UsageQueue is not empty, and CloudWatch does not say since when")
        return
    recent = [one for one in figures.waiting_ages if _is_recent(one.at, now)]
    # The oldest has aged since the newest datapoint.
    last = max(figures.waiting_ages)
    age = max([last.value, *(one.value for one in recent)])
    since = now - timedelta(seconds=age) - (now - last.at)
    yield _before(since, f"UsageQueue is not empty, its oldest message {age:.0f} s old")
    if figures.held_ages:
        first = min(one.at - timedelta(seconds=one.value) for one in figures.held_ages)
        yield _before(first, f"usage is held since {first:%Y-%m-%dT%H:%M:%SZ}")


def _of_metering(now: datetime, figures: RoadFigures) -> Iterator[RoadState]:
    ages = [one.value / 1000 for one in figures.event_ages if _is_recent(one.at, now)]
    age = max(ages, default=0.0)
    if any(one.value and _is_recent(one.at, now) for one in figures.throttles):
        wait, why = THROTTLED_SECONDS + RETRIED_SECONDS, "metering was throttled"
        yield _before(now - timedelta(seconds=wait), why)
    elif any(one.value and _is_recent(one.at, now) for one in figures.errors):
        wait, why = RETRIED_SECONDS, "metering failed, and Lambda tries again"
        yield _before(now - timedelta(seconds=wait + age), why)
    elif age > WAITING_SECONDS:
        why = f"deliveries wait {age:.0f} s for metering"
        yield _before(now - timedelta(seconds=age), why)


def _before(since: datetime, why: str) -> RoadState:
    """What is under way since then was served this early at most."""
    return RoadState(since - timedelta(seconds=DELIVERED_SECONDS), why)


def _is_recent(at: datetime, now: datetime) -> bool:
    return now - at <= timedelta(seconds=RECENT_SECONDS)
