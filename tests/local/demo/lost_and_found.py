"""An act of the demo: a subscription filter is away for a while; the audit finds what was lost."""

from collections.abc import Callable

from tests.local.demo import auditing, lost_filter
from tests.local.demo.account import LostAndFound
from tests.local.demo.accounting import last_sequence
from tests.local.demo.lost_filter import Lost
from tests.local.demo.stage import Stage
from tests.local.endpoints import Endpoints


def lose(stage: Stage, endpoints: Endpoints, serve: Callable[[], None]) -> Lost:
    """`serve` makes calls while the filter is away."""
    last = last_sequence(endpoints)
    with lost_filter.without_filter(stage, endpoints):
        stage.say(f"deleted: nothing of {endpoints.access_log_group} is delivered")
        serve()
    lost = lost_filter.lost_since(endpoints, last)
    stage.say(
        f"put back as it was; billed of {len(lost.requests)} billable calls of that stage: "
        f"{lost.billed(endpoints)}"
    )
    return lost


def find(stage: Stage, endpoints: Endpoints, so_far: str, lost: Lost) -> LostAndFound:
    """The count finds them, and the executions that it starts meter them again."""
    before = auditing.wait_for_audit(stage, so_far)
    stage.say(
        f"  {before['windows']['lookedAt']} windows, {before['after']['served']} requests, "
        f"{before['after']['all'].get('unaccounted', 0)} unaccounted"
    )
    found = 0
    for execution in auditing.wait_until_found(stage, endpoints, lost.last_ms):
        report = auditing.wait_for_audit(stage, execution)
        found += report["before"]["all"].get("unaccounted", 0)
        stage.say(
            f"  {report['requests']['meteredAgain']} requests metered again, "
            f"{report['requests']['stillMissing']} still missing"
        )
    auditing.wait_until_nothing_is_lost(stage, endpoints)
    billed = lost.billed(endpoints)
    stage.say(f"billed of the {len(lost.requests)} calls: {billed}")
    return LostAndFound(len(lost.requests), found, billed)
