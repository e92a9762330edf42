"""Waits until nothing is on its way any more: queues, and requests that are cut in two.

Guaranteed: `drained` says so only when everything was empty at every look of a stretch that is
longer than CloudWatch takes to deliver, and a replay of incomplete requests takes to come round.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from functions.operator.messages.queue_depth import queue_depth

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

INCOMPLETE = "quarantine/incomplete/"
LOOK_SECONDS = 10.0


class OnTheWay(NamedTuple):
    """How much is where: `moving` ends by itself, `set_aside` needs somebody."""

    moving: Mapping[str, int]
    set_aside: Mapping[str, int]

    @property
    def is_quiet(self) -> bool:
        return not any(self.moving.values())

    def told(self) -> str:
        both = {**self.moving, **self.set_aside}
        return ", ".join(f"{name} {number}" for name, number in both.items())


class WaitingPlaces(NamedTuple):
    """The queues by their outputs' names, and the quarantine's bucket."""

    sqs: "SQSClient"
    s3: "S3Client"
    queues: Mapping[str, str]
    set_aside: Mapping[str, str]
    quarantine_bucket: str

    def on_the_way(self) -> OnTheWay:
        moving = self._depths(self.queues)
        listed = self.s3.list_objects_v2(Bucket=self.quarantine_bucket, Prefix=INCOMPLETE)
        moving["incomplete requests"] = listed.get("KeyCount", 0)
        return OnTheWay(moving, self._depths(self.set_aside))

    def _depths(self, queues: Mapping[str, str]) -> dict[str, int]:
        return {name: queue_depth(self.sqs, url).messages for name, url in queues.items()}


class Clock(NamedTuple):
    """Seconds that pass, and how to let them."""

    now: Callable[[], float]
    sleep: Callable[[float], None]


class Patience(NamedTuple):
    """Empty for so long is drained; longer than `most_seconds` nobody waits."""

    quiet_seconds: float
    most_seconds: float


def drained(
    look: Callable[[], OnTheWay], say: Callable[[str], None], patience: Patience, clock: Clock
) -> OnTheWay | None:
    """The last look when all was quiet for long enough; None when time was over first."""
    began = quiet_since = clock.now()
    for turn in count():
        waiting = look()
        now = clock.now()
        if not waiting.is_quiet:
            quiet_since = now
        elif turn and now - quiet_since >= patience.quiet_seconds:
            return waiting
        if now - began >= patience.most_seconds:
            return None
        say(waiting.told())
        clock.sleep(LOOK_SECONDS)
    raise AssertionError  # `count` does not end
