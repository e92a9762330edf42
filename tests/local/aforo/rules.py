"""What an event is judged by, and what is found. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.local.aforo.accounts import Aggregation, Customer
from tests.local.aforo.settings import Settings

type Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    field: str
    message: str
    code: str = "VALIDATION_FAILED"
    status: int = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """What one post is judged by: the knobs, the registers, and the time it came in."""

    settings: Settings
    metrics: Mapping[str, Aggregation]
    customers: Mapping[str, Customer]
    now: float
