"""Nobody can say how much is left: Redis is dead, and then there but empty."""

import time
from collections.abc import Mapping
from pathlib import Path

from redis import Redis

from functions.authorizer.decision import DenyCode
from tests.local.demo.stage import DemoError, Stage
from tests.local.endpoints import DemoCustomer, Endpoints
from tests.local.quota_demo.answers import SERVED, Answers, make_known
from tests.local.quota_demo.plans import LARGE, SMALL
from tests.local.redis_loss import kill_redis, start_empty_redis

UNKNOWN_SECONDS = 90.0  # last known states serve for 30 s
EMPTY_LOOKS = 3
LOOK_SECONDS = 0.5


def kill(
    stage: Stage, endpoints: Endpoints, directory: Path, customers: Mapping[str, DemoCustomer]
) -> None:
    """Kill it, and ask until each customer is answered by its plan's policy. DemoError when the
    last known state did not serve before.
    """
    make_known(endpoints, customers)
    kill_redis(directory)
    answers = Answers(stage, endpoints, customers)

    def look() -> tuple[bool, str]:
        seen = answers.ask()
        time.sleep(LOOK_SECONDS)
        return _by_policy(answers), seen

    stage.wait("without Redis", look, UNKNOWN_SECONDS)
    if (SMALL.customer_id, SERVED) not in answers.seen:
        message = f"{SMALL.customer_id} was not served by its last known state"
        raise DemoError(message)
    stage.say(f"{SMALL.customer_id}: its plan denies when unknown; {LARGE.customer_id}: allows")


def come_back_empty(
    stage: Stage, endpoints: Endpoints, directory: Path, customers: Mapping[str, DemoCustomer]
) -> None:
    """Start it with nothing in it. DemoError when that is taken for an answer."""
    start_empty_redis(directory, endpoints)
    redis = Redis.from_url(endpoints.redis_url)
    stage.say(f"Redis answers again, with {redis.dbsize()} keys and no generation")
    answers = Answers(stage, endpoints, customers)
    for _ in range(EMPTY_LOOKS):
        answers.ask()
        time.sleep(LOOK_SECONDS)
        if not _by_policy(answers):
            message = f"an empty Redis was believed: {answers.latest}"
            raise DemoError(message)


def _by_policy(answers: Answers) -> bool:
    """Neither is known: the small one's plan denies, the large one's allows."""
    denied = answers.latest[SMALL.customer_id] == DenyCode.QUOTA_STATE_UNKNOWN
    return denied and answers.latest[LARGE.customer_id] == SERVED
