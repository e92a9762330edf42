"""What goes wrong in a simulated hour, drawn from one seed: who is away when, and who dies."""

import random
from dataclasses import dataclass, field

HOUR = 3_600.0
# Of the road: what may be away for a while, for all processes at once.
PLACES = (
    *("configuration", "quarantine", "ledger", "usage_queue", "settled_queue", "dead_letter_queue"),
    *("aforo_down", "aforo_busy", "aforo_hangs", "aforo_refuses", "redis"),
)


@dataclass(frozen=True, slots=True)
class Weather:
    """`away` are times of a place in seconds of the simulation; `calm` ends all of it."""

    away: dict[str, list[tuple[float, float]]]
    flukes: float  # the share of single calls that fail, of a place that is there
    kills: frozenset[str]  # the stops whose processes may die at work
    calm: float = field(default=HOUR)

    def is_away(self, place: str, now: float) -> bool:
        return now < self.calm and any(a <= now < b for a, b in self.away.get(place, ()))


def draw_weather(rng: random.Random) -> Weather:
    """One to four troubles of seconds or of half an hour; often a few flukes, seldom deaths."""
    away: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rng.randint(1, 4)):
        start = rng.uniform(0, HOUR)
        seconds = rng.choice([3, 40, 200, 900, 1_800])
        away.setdefault(rng.choice(PLACES), []).append((start, start + seconds))
    kills = rng.choice([(), (), (), ("metering",), ("forwarder",), ("reconciliation",)])
    return Weather(away, rng.choice([0, 0.01, 0.05]), frozenset(kills))
