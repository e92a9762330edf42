"""Heartbeats in real counters: how far counting has come, and how late it is."""

import re
from itertools import permutations
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.reconciliation.counters.redis_scripts import connect
from functions.reconciliation.counters.statements import SILENT_MS, Watermark
from functions.reconciliation.due_hours import closed_again_by
from functions.reconciliation.heartbeats import (
    KEPT_MS,
    LONGEST_STALL_MS,
    ON_ITS_WAY_BACK_MS,
    HeartbeatReader,
)
from functions.reconciliation.inbox import Heartbeat
from functions.usage.errors import Retryable
from functions.usage.heartbeat import AHEAD_MS, HeartbeatMessage
from functions.usage.mark import hours_key
from functions.usage.metric import Metric
from functions.usage.moment import HOUR_MS
from functions.usage.quota import watermark_key
from tests.integration.reconciliation.tenant import (
    CUSTOMER,
    METER,
    START_MS,
    TENANT,
    Tenant,
    event,
    settled,
)
from tests.local.valkey import start_valkey

TEMPLATE = Path(__file__).parents[3] / "template.yaml"
GROUP = "/aws/apigateway/aforo/a1b2c3d4e5/prod"
OTHER = "API-Gateway-Execution-Logs_a1b2c3d4e5/prod"


def heartbeat(at_ms: int, group: str = GROUP) -> dict[str, object]:
    return {"version": 1, "heartbeatAtMs": at_ms, "logGroup": group}


def watermark(tenant: Tenant) -> object:
    return tenant.client.hgetall(watermark_key(TENANT))


def test_each_group_has_its_own_time(tenant: Tenant) -> None:
    """One that stands still is seen beside one that does not."""
    assert tenant.take(heartbeat(START_MS - 5000), heartbeat(START_MS - 9000, OTHER)) == []
    assert watermark(tenant) == {GROUP: str(START_MS - 5000), OTHER: str(START_MS - 9000)}
    assert tenant.level(Metric.LAG) == 9


@pytest.mark.parametrize("order", list(permutations((1000, 2000, 3000))))
def test_it_never_goes_back(tenant: Tenant, order: tuple[int, ...]) -> None:
    """In any order, and repeated, the newest stands."""
    for ago in (*order, *order):
        assert tenant.take(heartbeat(START_MS - ago)) == []
    assert watermark(tenant) == {GROUP: str(START_MS - 1000)}


def test_one_that_was_overtaken_says_nothing_of_the_lag(tenant: Tenant) -> None:
    """SQS delivers an old message again at any time: the lag did not grow by that."""
    tenant.take(heartbeat(START_MS - 1000))
    tenant.take(heartbeat(START_MS - 60_000))
    assert tenant.level(Metric.LAG) == 1


@pytest.mark.parametrize(
    ("at_ms", "reason"),
    [(START_MS + AHEAD_MS + 1, "in_the_future"), (START_MS - KEPT_MS - 1, "too_old")],
)
def test_a_time_that_cannot_help_is_done_with(tenant: Tenant, at_ms: int, reason: str) -> None:
    """Kept, one from the future would become a false statement, one from the past an alarm."""
    assert tenant.take(heartbeat(at_ms)) == []
    assert watermark(tenant) == {}
    assert tenant.counted(Metric.HEARTBEATS_REFUSED, reason) == 1


def test_it_waits_for_the_usage_beside_it(tenant: Tenant, tmp_path: Path) -> None:
    """Counters that fail for the usage fail for the heartbeat, which comes again with it."""
    with start_valkey(tmp_path) as server, connect(server.url) as client:
        gone = Tenant(client)
    assert gone.take(heartbeat(START_MS), settled([event("a")])) == ["0", "1"]
    assert gone.take(heartbeat(START_MS)) == ["0"]
    assert gone.take(heartbeat(START_MS - KEPT_MS - 1), settled([event("a")])) == ["1"]
    assert tenant.take(heartbeat(START_MS), settled([event("a")])) == []
    assert watermark(tenant) == {GROUP: str(START_MS)}


def test_it_waits_for_usage_that_is_on_its_way_back(tenant: Tenant) -> None:
    """What could not be counted is invisible for six minutes: nothing says meanwhile that it is."""
    tenant.client.set(hours_key(TENANT, CUSTOMER, METER), "no hours")
    assert tenant.take(settled([event("a")])) == ["0"]
    tenant.client.delete(hours_key(TENANT, CUSTOMER, METER))
    tenant.now_ms += 60_000
    assert tenant.take(heartbeat(tenant.now_ms)) == ["0"]
    assert held(tenant) <= START_MS
    tenant.now_ms += ON_ITS_WAY_BACK_MS
    assert tenant.take(settled([event("a")]), heartbeat(tenant.now_ms)) == []
    assert watermark(tenant) == {GROUP: str(tenant.now_ms)}


def test_counters_that_do_not_answer_are_asked_once(tenant: Tenant) -> None:
    """After a minute of them, a question each would outlast the function."""

    class Silent(Watermark):
        asked = 0

        def advance(self, log_group: str, at_ms: int) -> bool:
            self.asked += 1
            raise Retryable(f"{log_group} {at_ms}")

    silent = Silent(tenant.client, TENANT)
    hearing = HeartbeatReader(silent, tenant.telemetry, lambda: START_MS)
    message: HeartbeatMessage = {"version": 1, "heartbeatAtMs": START_MS, "logGroup": GROUP}
    heartbeats = [(str(i), Heartbeat(message)) for i in range(5)]
    assert hearing.hear(heartbeats, is_settled=True) == {"0", "1", "2", "3", "4"}
    assert silent.asked == 1


def test_usage_is_back_before_heartbeats_count_again() -> None:
    """The queue's visibility timeout, and the longest batch before it."""
    found = re.search(
        r"  SettledUsageQueue:.*?VisibilityTimeout: (\d+)", TEMPLATE.read_text(), re.DOTALL
    )
    assert found is not None
    assert (int(found[1]) + 50) * 1000 < ON_ITS_WAY_BACK_MS


def test_a_refused_message_does_not_hold_heartbeats_up(tenant: Tenant) -> None:
    """It may stay in the queue for hours, and has no usage that anybody could count."""
    assert tenant.take({"kind": "launch"}, {"settled": 1}, heartbeat(START_MS)) == ["0", "1"]
    assert watermark(tenant) == {GROUP: str(START_MS)}


@pytest.mark.parametrize(
    "fields", [{"heartbeatAtMs": "1"}, {"logGroup": 1}, {"version": 2}, {"heartbeatAtMs": 1.5}]
)
def test_what_is_almost_a_heartbeat_is_refused(tenant: Tenant, fields: dict[str, object]) -> None:
    """Exactly its shape, or a message that is not understood."""
    assert tenant.take({**heartbeat(START_MS), **fields}) == ["0"]
    assert watermark(tenant) == {}


def test_groups_that_are_not_metered_any_more_are_forgotten(tenant: Tenant) -> None:
    """A group that left would hold the watermark back for ever; a new one begins at the start."""
    tenant.take(heartbeat(START_MS), heartbeat(START_MS, OTHER))
    kept = Watermark(tenant.client, TENANT).keep_only([GROUP, "new"], START_MS - 180_000)
    assert kept == {GROUP: START_MS, "new": START_MS - 180_000}
    assert watermark(tenant) == {GROUP: str(START_MS), "new": str(START_MS - 180_000)}
    assert Watermark(tenant.client, TENANT).keep_only([], START_MS) == {}
    assert watermark(tenant) == {}


def test_a_start_does_not_undo_a_heartbeat(tenant: Tenant) -> None:
    """Between reading and writing a first heartbeat may come: its time stands."""
    tenant.take(heartbeat(START_MS))
    for start_ms in (START_MS - 1, START_MS + 1):
        kept = Watermark(tenant.client, TENANT).keep_only([GROUP], start_ms)
        assert kept == {GROUP: START_MS}


def held(tenant: Tenant) -> int:
    """What the authorizer takes the lag from."""
    texts = cast("dict[str, str]", tenant.client.hgetall(watermark_key(TENANT))).values()
    return min(map(int, texts))


OVER = START_MS // HOUR_MS - 1  # the hour before: over for 34 minutes
IN_IT_MS = OVER * HOUR_MS + 40 * 60_000


def close_hour(tenant: Tenant, total: int, hour: int = OVER) -> None:
    closing = {"customerId": CUSTOMER, "meter": METER, "sums": [[hour, total]]}
    assert tenant.take({"kind": "close", "version": tenant.now_ms, "closings": [closing]}) == []


def heard(tenant: Tenant, at_ms: int) -> None:
    """A heartbeat of that time, in time."""
    tenant.now_ms = at_ms + 5000
    assert tenant.take(heartbeat(at_ms)) == []
    tenant.now_ms = START_MS


def test_usage_of_a_closed_hour_waits_for_its_next_closing(tenant: Tenant) -> None:
    """After an outage it is settled and changes nothing yet: no heartbeat says that it is counted,
    of this batch or another, until one comes that was put after the closing.
    """
    tenant.grant()
    heard(tenant, IN_IT_MS - 60_000)
    close_hour(tenant, 0)
    assert tenant.take(settled([event("a", IN_IT_MS)]), heartbeat(START_MS - 1000)) == []
    assert tenant.used() == 0
    assert held(tenant) <= IN_IT_MS
    until_ms = closed_again_by(OVER, START_MS)
    for moment in (START_MS + 60_000, until_ms - 60_000):
        tenant.now_ms = moment
        tenant.take(heartbeat(moment - 1000))
        assert held(tenant) <= IN_IT_MS
    close_hour(tenant, 1)
    tenant.now_ms = until_ms + 120_000
    tenant.take(heartbeat(until_ms + 60_000))
    assert tenant.used() == 1
    assert held(tenant) == until_ms + 60_000


def test_usage_of_a_closed_hour_waits_also_where_a_heartbeat_was_quicker(tenant: Tenant) -> None:
    """Both came after the outage: that the heartbeat was heard first says nothing of the usage."""
    heard(tenant, IN_IT_MS - 60_000)
    close_hour(tenant, 0)
    tenant.take(heartbeat(START_MS - 1000))
    tenant.take(settled([event("a", IN_IT_MS)]))
    assert held(tenant) <= IN_IT_MS


def test_usage_that_heartbeats_have_passed_holds_none_back(tenant: Tenant) -> None:
    """Delivered late, replayed, or delivered again: it says nothing of the road now."""
    heard(tenant, IN_IT_MS + 120_000)
    close_hour(tenant, 0)
    assert tenant.take(settled([event("a", IN_IT_MS)]), heartbeat(START_MS - 1000)) == []
    assert held(tenant) == START_MS - 1000


def test_of_a_batch_only_what_was_not_passed_holds_back(tenant: Tenant) -> None:
    """From where the watermark stands: what is older was said to be counted."""
    heard(tenant, IN_IT_MS)
    close_hour(tenant, 0)
    both = [event("a", IN_IT_MS - 120_000), event("b", IN_IT_MS + 120_000)]
    tenant.take(settled(both), heartbeat(START_MS - 1000))
    assert IN_IT_MS <= held(tenant) <= IN_IT_MS + 120_000


def test_a_source_that_is_dead_holds_the_lag_for_a_day(tenant: Tenant) -> None:
    """A group that was deleted, or was never subscribed: until then its usage may be on its way,
    after it only its own age grows. Heard again, it counts at once.
    """
    marks = Watermark(tenant.client, TENANT)
    marks.keep_only([GROUP, OTHER], START_MS)
    for later_ms in (SILENT_MS, SILENT_MS + 1):
        marks.advance(GROUP, START_MS + later_ms)
        kept = marks.keep_only([GROUP, OTHER], START_MS + later_ms)
        assert kept == {GROUP: START_MS + later_ms, OTHER: START_MS}
        assert held(tenant) == (START_MS if later_ms == SILENT_MS else START_MS + later_ms)
    again_ms = START_MS + SILENT_MS - 60_000
    marks.advance(OTHER, again_ms)
    assert marks.keep_only([GROUP, OTHER], START_MS)[OTHER] == held(tenant) == again_ms


def test_a_dead_source_that_is_taken_off_the_list_is_forgotten(tenant: Tenant) -> None:
    """Declared once more, it begins as a new one."""
    marks = Watermark(tenant.client, TENANT)
    marks.advance(GROUP, START_MS)
    marks.advance(OTHER, START_MS - SILENT_MS - 1)
    marks.keep_only([GROUP, OTHER], START_MS)
    marks.keep_only([GROUP], START_MS)
    assert marks.keep_only([GROUP, OTHER], START_MS - 5) == {GROUP: START_MS, OTHER: START_MS - 5}


def test_a_new_source_hides_no_road_on_which_all_stand_still(tenant: Tenant) -> None:
    """Its beginning is no heartbeat: nobody falls behind it."""
    marks = Watermark(tenant.client, TENANT)
    marks.advance(GROUP, START_MS)
    late_ms = START_MS + 3 * SILENT_MS
    for _ in range(2):
        kept = marks.keep_only([GROUP, "new"], late_ms)
        assert kept == {GROUP: START_MS, "new": START_MS}
        assert held(tenant) == START_MS


HOURS = st.integers(0, 60)
WALKS = st.lists(
    st.tuples(st.sets(st.sampled_from("abc"), max_size=3), st.sets(st.sampled_from("abc")), HOURS),
    min_size=1,
    max_size=12,
)


@given(WALKS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_lag_is_the_oldest_of_those_that_are_not_a_day_behind(
    tenant: Tenant, walk: list[tuple[set[str], set[str], int]]
) -> None:
    """Whatever is declared, heard and silent, hour after hour: a source within a day of the newest
    is never left out, one beyond it never holds, and the time that is told is its last heartbeat's.
    """
    tenant.client.flushall()
    marks, now_ms = Watermark(tenant.client, TENANT), START_MS
    heard: dict[str, int] = {}
    for listed, beating, hours in walk:
        now_ms += hours * HOUR_MS
        heard = {group: at_ms for group, at_ms in heard.items() if group in listed}
        for group in listed & beating:
            marks.advance(group, now_ms)
            heard[group] = now_ms
        newest = max(heard.values(), default=now_ms)
        kept = marks.keep_only(sorted(listed), now_ms)
        for group in listed:
            heard.setdefault(group, min(now_ms, newest))
        assert kept == heard
        stands = cast("dict[str, str]", tenant.client.hgetall(watermark_key(TENANT)))
        assert {group: int(text) for group, text in stands.items()} == {
            group: at_ms for group, at_ms in heard.items() if at_ms >= newest - SILENT_MS
        }


def test_counters_that_do_not_answer_are_retryable(tmp_path: Path) -> None:
    """For the groups too, which no script writes."""
    with start_valkey(tmp_path) as server, connect(server.url) as client:
        gone = Watermark(client, TENANT)
    with pytest.raises(Retryable):
        gone.keep_only([GROUP], START_MS)


def stall(since_ms: int, until_ms: int) -> dict[str, object]:
    return {"version": 1, "stalledSinceMs": since_ms, "stalledUntilMs": until_ms}


def least(tenant: Tenant) -> int:
    """What the authorizer takes for the watermark."""
    return min(map(int, tenant.client.hvals(watermark_key(TENANT))))


def test_a_stall_holds_the_watermark_back_until_a_heartbeat_after_it(tenant: Tenant) -> None:
    """Not until some time: while no heartbeat comes, nothing is over."""
    tenant.take(heartbeat(START_MS - 5_000))
    assert tenant.take(stall(START_MS - 90_000, START_MS + 30_000)) == []
    tenant.take(heartbeat(START_MS + 20_000))
    assert least(tenant) == START_MS - 90_000
    tenant.now_ms += 3_600_000
    assert least(tenant) == START_MS - 90_000
    tenant.take(heartbeat(tenant.now_ms))
    assert watermark(tenant) == {GROUP: str(tenant.now_ms)}


def test_a_stall_outlasts_the_list_of_sources(tenant: Tenant) -> None:
    """Each minute's reconcile forgets groups that are not metered any more; what holds all of them
    back is no group.
    """
    tenant.take(heartbeat(START_MS), heartbeat(START_MS, OTHER))
    tenant.take(stall(START_MS - 90_000, START_MS + 30_000))
    for listed in ([GROUP, OTHER], [GROUP], [GROUP]):
        kept = Watermark(tenant.client, TENANT).keep_only(listed, START_MS)
        assert min(kept.values()) == START_MS - 90_000


def test_of_two_stalls_the_older_usage_stands(tenant: Tenant) -> None:
    """In any order; that of one does not end with the other."""
    tenant.take(heartbeat(START_MS - 5_000))
    tenant.take(stall(START_MS - 90_000, START_MS + 30_000))
    tenant.take(stall(START_MS - 30_000, START_MS + 31_000))
    tenant.take(stall(START_MS - 60_000, START_MS + 600_000))
    assert least(tenant) == START_MS - 90_000
    tenant.now_ms += 300_000
    tenant.take(heartbeat(tenant.now_ms))
    assert least(tenant) == START_MS - 60_000


def test_a_stall_from_before_the_first_heartbeat_is_not_forgotten(tenant: Tenant) -> None:
    """A first configuration that cannot be read: usage waits before any source is listed, and the
    first heartbeat does not say that it was counted. (Found by the simulation.)
    """
    assert tenant.take(stall(START_MS - 90_000, START_MS + 30_000)) == []
    tenant.take(heartbeat(START_MS))
    assert least(tenant) == START_MS - 90_000
    tenant.now_ms += 120_000
    tenant.take(heartbeat(tenant.now_ms))
    assert watermark(tenant) == {GROUP: str(tenant.now_ms)}


def test_where_nothing_is_metered_no_stall_stays(tenant: Tenant) -> None:
    """There the grant says the lag, and no heartbeat would ever end it."""
    tenant.take(heartbeat(START_MS))
    tenant.take(stall(START_MS - 90_000, START_MS + 30_000))
    kept = Watermark(tenant.client, TENANT).keep_only([GROUP], START_MS)
    assert min(kept.values()) == START_MS - 90_000
    assert Watermark(tenant.client, TENANT).keep_only([], START_MS) == {}
    assert watermark(tenant) == {}


def test_a_stall_of_a_clock_that_runs_ahead_ends(tenant: Tenant) -> None:
    """Within a day, not years; and one that was over when it came is done with."""
    tenant.take(heartbeat(START_MS - 5_000))
    tenant.take(stall(START_MS - 90_000, START_MS * 2), stall(1, START_MS - 1))
    assert least(tenant) == START_MS - 90_000
    tenant.now_ms += LONGEST_STALL_MS + 120_000
    tenant.take(heartbeat(tenant.now_ms))
    assert least(tenant) == tenant.now_ms


def test_usage_that_could_not_be_counted_is_a_stall_of_its_own(tenant: Tenant) -> None:
    """The other process counts heartbeats, and knows nothing of it."""
    tenant.take(heartbeat(START_MS - 5_000))
    tenant.client.set(hours_key(TENANT, CUSTOMER, METER), "no hours")
    minute = START_MS // 60_000 * 60_000 - 120_000
    assert tenant.take(settled([event("a", minute)])) == ["0"]
    assert Watermark(tenant.client, TENANT).advance(GROUP, START_MS)  # another process
    assert least(tenant) == minute


def test_a_stall_that_meets_no_counters_comes_again(tenant: Tenant, tmp_path: Path) -> None:
    """And no heartbeat of this process counts before its own is told."""
    with start_valkey(tmp_path) as server, connect(server.url) as client:
        gone = Tenant(client)
    assert gone.take(stall(START_MS - 9, START_MS + 9), heartbeat(START_MS)) == ["0", "1"]
    assert tenant.take(stall(START_MS - 9, START_MS + 9)) == []
