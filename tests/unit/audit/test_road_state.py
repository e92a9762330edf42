"""Clear is never said of what still waits, as far as figures show it; and it is said in the end."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.comparison.road_figures import Datapoint, RoadFigures
from functions.audit.comparison.road_state import (
    DELIVERED_SECONDS,
    NEVER,
    RECENT_SECONDS,
    RETRIED_SECONDS,
    THROTTLED_SECONDS,
    WAITING_SECONDS,
    road_state,
)

NOW = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)
# An audited window has ended by then.
WINDOW_END = NOW - timedelta(minutes=10)
LONGEST_WAIT = timedelta(minutes=15)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def points(*said: tuple[float, float]) -> tuple[Datapoint, ...]:
    """Seconds ago, and the value."""
    return tuple(Datapoint(ago(seconds), value) for seconds, value in said)


def minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def test_an_empty_road_is_clear_up_to_now() -> None:
    """Whatever was held before has been settled since."""
    held = RoadFigures(waiting_ages=points((60, 9_000)), held_ages=points((60, 9_000)))
    for figures in (RoadFigures(), held):
        assert road_state(NOW, figures, is_queue_empty=True) == (NOW, "nothing is under way")


def test_a_queue_of_whose_age_nothing_is_known_is_doubt() -> None:
    """As in the local cloud while Aforo is down."""
    state = road_state(NOW, RoadFigures(), is_queue_empty=False)
    assert state.clear_until == NEVER
    assert "UsageQueue is not empty" in state.why


def test_a_queue_in_use_does_not_keep_windows_open() -> None:
    """At 10,000 requests a second it is never empty."""
    figures = RoadFigures(
        waiting_ages=points(*((60 * ago_minutes, 55.0) for ago_minutes in range(2, 15))),
        errors=points((120, 0.0)),
        throttles=points((120, 0.0)),
        event_ages=points((120, 400.0)),
    )
    assert road_state(NOW, figures, is_queue_empty=False).clear_until > WINDOW_END


def test_what_is_held_is_as_old_as_when_it_was_first_sent() -> None:
    """To SQS a message that was put back is new."""
    figures = RoadFigures(waiting_ages=points((60, 20)), held_ages=points((600, 7_200), (60, 30)))
    state = road_state(NOW, figures, is_queue_empty=False)
    assert state.clear_until == ago(7_800 + DELIVERED_SECONDS)
    assert state.why.startswith("usage is held since ")


def test_the_oldest_message_ages_after_the_newest_datapoint() -> None:
    """CloudWatch may be minutes late."""
    figures = RoadFigures(waiting_ages=points((240, 100), (300, 40)))
    state = road_state(NOW, figures, is_queue_empty=False)
    assert state.clear_until == ago(340 + DELIVERED_SECONDS)


@pytest.mark.parametrize("is_queue_empty", [True, False])
@pytest.mark.parametrize(
    ("figures", "seconds", "why"),
    [
        (RoadFigures(errors=points((60, 1.0))), RETRIED_SECONDS, "failed"),
        (
            RoadFigures(errors=points((60, 1.0)), event_ages=points((60, 90_000))),
            RETRIED_SECONDS + 90,
            "failed",
        ),
        (RoadFigures(event_ages=points((60, 90_000))), 90, "wait"),
        (
            RoadFigures(errors=points((60, 1.0)), throttles=points((60, 1.0))),
            THROTTLED_SECONDS + RETRIED_SECONDS,
            "throttled",
        ),
    ],
)
def test_deliveries_that_wait_for_metering_are_under_way(
    figures: RoadFigures, seconds: float, why: str, *, is_queue_empty: bool
) -> None:
    """Lambda tries again, for as long as it may."""
    state = road_state(
        NOW, figures._replace(waiting_ages=points((0, 0))), is_queue_empty=is_queue_empty
    )
    assert state.clear_until == ago(seconds + DELIVERED_SECONDS)
    assert why in state.why


def test_metering_that_failed_a_quarter_of_an_hour_ago_is_done_with_it() -> None:
    """Each delivery is metered by then, or kept."""
    long_ago = (60 * 16, 90_000.0)
    figures = RoadFigures(
        errors=points(long_ago), throttles=points(long_ago), event_ages=points(long_ago)
    )
    assert road_state(NOW, figures, is_queue_empty=True).clear_until == NOW


def test_metering_that_fails_for_ever_holds_no_window_for_ever() -> None:
    """What failed is kept after its third try."""
    failing = points(*((60 * minutes, 5.0) for minutes in range(16)))
    figures = RoadFigures(errors=failing)
    for throttles in ((), failing):
        state = road_state(NOW, figures._replace(throttles=throttles), is_queue_empty=True)
        assert state.clear_until > ago(7 * 3600)


# Seconds ago: when a message was first sent, and when it was last held, if it was.
MESSAGES = st.lists(
    st.tuples(
        st.floats(0, 50_000),
        st.none() | st.floats(0, LONGEST_WAIT.total_seconds()),
    ).filter(lambda one: one[1] is None or one[1] < one[0]),
    min_size=1,
)


def figures_of(messages: Iterable[tuple[float, float | None]], late: int) -> RoadFigures:
    """As CloudWatch has them of these messages, `late` minutes late: SQS knows only those that were
    never held.
    """
    fresh = [ago(sent) for sent, held in messages if held is None]
    held = [
        Datapoint(minute(ago(held)), sent - held) for sent, held in messages if held is not None
    ]
    ages = []
    for minutes in range(late, 16):
        at = minute(NOW) - timedelta(minutes=minutes)
        there = [sent for sent in fresh if sent <= at]
        ages.append(Datapoint(at, (at - min(there)).total_seconds() if there else 0.0))
    return RoadFigures(waiting_ages=tuple(ages), held_ages=tuple(held))


@given(MESSAGES, st.integers(0, 3))
def test_it_is_never_clear_past_a_message_that_waits(
    messages: Sequence[tuple[float, float | None]], late: int
) -> None:
    """Fresh, received and held, or put back; and what it holds was served before it was sent."""
    state = road_state(NOW, figures_of(messages, late), is_queue_empty=False)
    oldest = min(ago(sent) for sent, _ in messages)
    assert state.clear_until <= oldest - timedelta(seconds=DELIVERED_SECONDS)


@given(MESSAGES, st.integers(0, 3))
def test_it_is_clear_but_for_minutes_up_to_the_oldest_that_waits(
    messages: Sequence[tuple[float, float | None]], late: int
) -> None:
    """Windows older than what waits are not held for it."""
    state = road_state(NOW, figures_of(messages, late), is_queue_empty=False)
    oldest = min(ago(sent) for sent, _ in messages)
    slack = timedelta(minutes=late + 2, seconds=DELIVERED_SECONDS)
    assert state.clear_until >= oldest - slack


DATAPOINTS = st.lists(
    st.tuples(st.integers(0, 3_600), st.floats(0, 1_000_000)), max_size=4
).map(lambda said: points(*said))  # fmt: skip
FIGURES = st.builds(RoadFigures, DATAPOINTS, DATAPOINTS, DATAPOINTS, DATAPOINTS, DATAPOINTS)


@given(FIGURES, FIGURES)
def test_more_trouble_is_never_clearer(some: RoadFigures, more: RoadFigures) -> None:
    """And never clear past now. An empty queue is the clearest."""
    both = RoadFigures(*(one + other for one, other in zip(some, more, strict=True)))
    empty = road_state(NOW, some, is_queue_empty=True)
    busy = road_state(NOW, some, is_queue_empty=False)
    assert NEVER <= busy.clear_until <= empty.clear_until <= NOW
    assert road_state(NOW, both, is_queue_empty=True).clear_until <= empty.clear_until
    assert empty.why
    assert busy.why


def test_the_bounds_are_what_aws_and_metering_take() -> None:
    """A line's way to the queue, three tries of a minute with pauses, six hours in Lambda's queue;
    a figure counts for a quarter of an hour, and a start takes less than a minute.
    """
    assert (DELIVERED_SECONDS, RETRIED_SECONDS, THROTTLED_SECONDS) == (300, 360, 21_600)
    assert (RECENT_SECONDS, WAITING_SECONDS) == (900, 60)
    assert datetime(1970, 1, 1, tzinfo=UTC) == NEVER


@pytest.mark.parametrize(
    ("said", "since"),
    [
        ({"throttles": points((900, 1.0))}, 21_600 + 360 + 300),
        ({"throttles": points((901, 1.0))}, 0),
        ({"throttles": points((60, 0.0))}, 0),
        ({"errors": points((900, 1.0))}, 360 + 300),
        ({"errors": points((901, 1.0))}, 0),
        ({"errors": points((60, 0.0))}, 0),
        ({"event_ages": points((900, 60_001))}, 60.001 + 300),
        ({"event_ages": points((901, 60_001))}, 0),
        ({"event_ages": points((0, 60_000))}, 0),
        ({"event_ages": points((0, 70_000), (60, 90_000), (901, 99_000))}, 90 + 300),
        ({"errors": points((60, 1.0)), "event_ages": points((60, 1_000))}, 361 + 300),
        (
            {"throttles": points((60, 0.0)), "errors": points((60, 2.0), (120, 0.0))},
            360 + 300,
        ),
    ],
)
def test_what_metering_told_within_a_quarter_of_an_hour_counts(
    said: dict[str, tuple[Datapoint, ...]], since: float
) -> None:
    """To the second, and no figure of nothing."""
    state = road_state(NOW, RoadFigures(**said), is_queue_empty=True)
    assert state.clear_until == ago(since)


@pytest.mark.parametrize(
    ("waiting", "held", "since"),
    [
        (points((0, 0)), (), 300),
        (points((0, 10), (60, 500), (960, 9_000)), (), 500 + 300),
        (points((120, 10), (900, 500)), (), 500 + 120 + 300),
        (points((1_000, 10), (2_000, 500)), (), 10 + 1_000 + 300),
        (points((60, 20)), points((60, 30)), 60 + 30 + 300),
        (points((60, 20)), points((3_600, 7), (60, 8)), 3_607 + 300),
        (points((60, 2_000)), points((60, 30)), 2_060 + 300),
    ],
)
def test_a_queue_that_is_not_empty_is_as_old_as_its_oldest_message(
    waiting: tuple[Datapoint, ...], held: tuple[Datapoint, ...], since: float
) -> None:
    """As SQS knew it lately, and older by the time since; or as it was when it was held."""
    figures = RoadFigures(waiting_ages=waiting, held_ages=held)
    assert road_state(NOW, figures, is_queue_empty=False).clear_until == ago(since)
    assert road_state(NOW, figures, is_queue_empty=True).clear_until == NOW


def test_of_two_reasons_that_reach_as_far_back_metering_is_told_first() -> None:
    """What waits for metering is not on the queue yet: the queue's figures say nothing of it."""
    figures = RoadFigures(errors=points((60, 1.0)), waiting_ages=points((0, RETRIED_SECONDS)))
    state = road_state(NOW, figures, is_queue_empty=False)
    assert state == (ago(360 + 300), "metering failed, and Lambda tries again")
