"""What the forwarder reads from its environment."""

from fractions import Fraction
from typing import Annotated

from pydantic import Field, PositiveInt

from functions.adapters.aforo_signing import SignedSettings

# Aforo's documented ceiling (aforo-contract.md 1.0); a larger post is refused whole.
MOST_EVENTS_PER_POST = 100
# Far below the 10 MiB at which Aforo answers 413.
MOST_POST_BYTES = 8 * 1024 * 1024
# A connection each; more do not help a function with a third of a vCPU.
MOST_POSTS_AT_ONCE = 16
# A sixth of the window: 4 of Aforo's assumed 24 hours (architecture.md 2), kept for the last try.
HOLD_SHARE_OF_WINDOW = Fraction(5, 6)


class ForwarderSettings(SignedSettings):
    """One field per variable. Holding must end while Aforo still recognises a key it has seen."""

    usage_queue_url: str
    usage_dead_letter_queue_url: str
    settled_usage_queue_url: str
    ledger_bucket: str
    aforo_base_url: str
    aforo_allowed_hosts: str  # separated by commas
    aforo_tenant_id: Annotated[str, Field(min_length=1)]
    aforo_secret_arn: str
    hold_seconds: PositiveInt = 50_400  # as given; `safe_hold_seconds` is what holds
    dedup_window_seconds: PositiveInt = 86_400
    events_per_post: Annotated[int, Field(ge=1, le=MOST_EVENTS_PER_POST)] = 100
    post_bytes: Annotated[int, Field(ge=1_024, le=MOST_POST_BYTES)] = 1_048_576
    posts_at_once: Annotated[int, Field(ge=1, le=MOST_POSTS_AT_ONCE)] = 4
    aforo_events_per_minute: PositiveInt = 10_000  # of the key, over all processes
    forwarder_concurrency: PositiveInt = 5  # how many processes share it

    @property
    def share_per_minute(self) -> float:
        """The events a minute that this process may post: what all may, in equal parts."""
        return max(1.0, self.aforo_events_per_minute / self.forwarder_concurrency)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        return frozenset(filter(None, (h.strip() for h in self.aforo_allowed_hosts.split(","))))

    @property
    def most_events(self) -> int:
        """The events in a post: one that is larger than the share would never go."""
        return min(self.events_per_post, int(self.share_per_minute))

    @property
    def safe_hold_seconds(self) -> int:
        """The hold as far as the window allows. CloudFormation cannot compare the two: refused
        here, a hold that is too long would stop all usage, and shortened it costs nothing but an
        earlier set-aside in a long outage.
        """
        return min(self.hold_seconds, int(self.dedup_window_seconds * HOLD_SHARE_OF_WINDOW))

    @property
    def is_hold_shortened(self) -> bool:
        return self.safe_hold_seconds < self.hold_seconds
