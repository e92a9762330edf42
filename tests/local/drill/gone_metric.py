"""Somebody removes at Aforo the metric that the configuration bills by: its usage is set aside."""

from tests.local.aforo.console import Console
from tests.local.demo.depth import waiting
from tests.local.endpoints import Endpoints
from tests.local.waiting import until

METRIC = "API Calls"
SET_ASIDE_SECONDS = 60.0


def cause(endpoints: Endpoints) -> None:
    with Console(endpoints.aforo_url) as console:
        console.delete(f"_metrics/{METRIC}")


def figure(endpoints: Endpoints) -> float:
    """Messages in UsageDeadLetterQueue."""
    return float(
        until(lambda: waiting(endpoints, "usage_dead_letter"), SET_ASIDE_SECONDS, every=0.3)
    )
