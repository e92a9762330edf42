"""The lag: how far counting has come, and what a decision makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer.lag import lag_by
from functions.usage.quota import watermark_key
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.token_issuer import TENANT
from tests.unit.authorizer.conftest import Bench

NOW = 1_796_000_000.0
WATERMARK = watermark_key(TENANT)


def at(seconds_ago: float) -> str:
    return str(int((NOW - seconds_ago) * 1000))


@pytest.mark.parametrize(
    ("heartbeats", "lag"),
    [
        ([], None),
        ([at(7)], 7),
        ([at(7), at(90), at(0)], 90),  # the slowest log group is what may be uncounted
        ([at(-0.5)], 0),  # the clocks of two machines
        ([at(-59)], 0),
        ([at(-60)], 0),  # as far ahead as a clock may be
        ([at(86_400)], 86_400),
    ],
)
def test_the_lag_is_the_age_of_the_oldest_heartbeat(
    heartbeats: list[str], lag: float | None
) -> None:
    """Of the newest ones of each log group; never negative."""
    assert lag_by(heartbeats, NOW) == lag


MALFORMED = ["", "now", "-1", "1", "1796000000", "17960000000000", "1796000000.00", "١٧٩٦٠٠٠٠٠٠٠٠٠"]


TOO_FAR_AHEAD = str(int(NOW * 1000) + 60_001)


@pytest.mark.parametrize("text", [*MALFORMED, None, at(-61), TOO_FAR_AHEAD])
def test_what_is_no_heartbeat_is_loud(text: str | None) -> None:
    """Also among good ones: nobody knows which log group it was."""
    with pytest.raises(ValueError, match=r"heartbeat|epoch"):
        lag_by([at(5), text], NOW)


@given(st.lists(st.text() | st.none()), st.floats(0, 1e10))
def test_no_watermark_makes_it_do_anything_else(heartbeats: list[str | None], now: float) -> None:
    """A lag of zero or more, none, or ValueError."""
    try:
        lag = lag_by(heartbeats, now)
    except ValueError:
        return
    assert lag is None or lag >= 0


def remaining_at_the_stop(bench: Bench, limit: int = 10_000) -> int:
    """How many calls are left when the next one is refused."""
    low, high = 0, limit
    while low < high:
        middle = (low + high) // 2
        state = next(h for key, h in bench.store.hashes.items() if key.endswith(":state"))
        state |= {"api_calls:limit": str(limit), "api_calls:used": str(limit - middle)}
        policy = bench.answer(authorizer_event(bench.good_header()))
        if "code" in policy["context"]:
            low = middle + 1
        else:
            high = middle
    return low - 1


def test_without_a_heartbeat_the_grant_says_the_lag(bench: Bench) -> None:
    """As before there was a watermark: burst + rate * 20 s."""
    bench.enforce(rate_per_second=2, burst=5, lag_seconds=20)
    assert remaining_at_the_stop(bench) == 45


def test_a_heartbeat_says_it_better(bench: Bench) -> None:
    """Measured, and shorter or longer than the usual lag; the slowest log group counts."""
    bench.enforce(rate_per_second=2, burst=5, lag_seconds=20)
    bench.heartbeats(quick=8, slow=9)
    assert remaining_at_the_stop(bench) == 23
    bench.heartbeats(quick=8, slow=60)
    assert remaining_at_the_stop(bench) == 125


def test_a_stalled_pipeline_tightens_by_itself_up_to_the_cap(bench: Bench) -> None:
    """Minute by minute, with nobody to write anything; 5 % of the limit are never exceeded."""
    bench.enforce(rate_per_second=2, burst=5, lag_seconds=20)
    bench.heartbeats(group=10)
    held = []
    for _ in range(6):
        held.append(remaining_at_the_stop(bench))
        bench.clock.advance(60)
    assert held == [25, 145, 265, 385, 500, 500]


def test_redis_away_adds_the_age_of_what_was_known(bench: Bench) -> None:
    """The lag is that of the reading, and calls served since then are in nobody's counter."""
    bench.enforce(rate_per_second=2, burst=5, lag_seconds=20)
    bench.heartbeats(group=10)
    bench.grant(limit=10_000, used=9_960)  # 40 left, 25 held back
    bench.enforce(rate_per_second=2, burst=5, lag_seconds=20)
    event = authorizer_event(bench.good_header())
    assert "code" not in bench.answer(event)["context"]
    bench.store.fault = "timeout"
    bench.clock.advance(7)
    assert "code" not in bench.answer(event)["context"]
    bench.clock.advance(1)
    assert bench.answer(event)["context"]["code"] == "QUOTA_EXCEEDED"


@pytest.mark.parametrize("text", MALFORMED)
def test_a_watermark_that_cannot_be_read_is_none_and_counted(bench: Bench, text: str) -> None:
    """The grant's lag, a count, and no exception."""
    bench.enforce(rate_per_second=2, burst=5, lag_seconds=20)
    bench.heartbeats(group=1)
    bench.store.hashes[WATERMARK]["other"] = text
    assert remaining_at_the_stop(bench) == 45
    assert bench.counted("WatermarkMalformed") > 0


def test_a_watermark_of_another_kind_spoils_nothing(bench: Bench) -> None:
    """Redis refuses the question (WRONGTYPE, or a user that may not ask it): counted, not more."""
    bench.enforce(rate_per_second=2, burst=5, lag_seconds=20)
    bench.store.strings[WATERMARK] = "1796000000000"
    assert remaining_at_the_stop(bench) == 45
    assert bench.counted("WatermarkMalformed") > 0
    assert bench.counted("StateUnknown") == 0


def test_a_good_watermark_is_not_counted(bench: Bench) -> None:
    """Nor is one that is not there yet."""
    bench.answer(authorizer_event(bench.good_header()))
    bench.heartbeats(group=1)
    bench.answer(authorizer_event(bench.good_header()))
    assert bench.counted("WatermarkMalformed") == 0
