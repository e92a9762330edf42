"""An audit divides time into windows: however it does, nothing is told twice, and nothing is called
incomplete because nobody looked at the rest of it.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.audit_question import BEYOND_MS, LONGEST_MS
from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from tests.fakes.access_log_lines import LOG_GROUP, REQUEST_TIME_MS, distinct_line
from tests.fakes.execution_log_lines import GROUP, authorizer_texts, prefixed, request_texts
from tests.fakes.told import AskedMetering, Told, counts_of, together

METERING = AskedMetering(
    ConfigurationReader(read_deployed(f"a=access:{LOG_GROUP},e=execution:{GROUP}")).default
)
# What is audited in these tests: longer than any request, so that some window holds none of its
# lines; and every request begins in it.
SPAN_MS = 2 * LONGEST_MS
BEGIN_MS = REQUEST_TIME_MS
MINUTE_MS = 60_000
REFUSAL = ["Gateway response type: INVALID_API_KEY with status code: 403"]
ERROR_LEVEL = ["Execution failed due to a timeout error", "Method completed with status: 504"]
BACKEND = "Sending request to https://lambda.eu-west-1.amazonaws.com/backend/invocations"

type Line = dict[str, Any]


class Logged(NamedTuple):
    """One request as a log has it: texts, when it began, and how long it waited before which."""

    texts: list[str]
    began_ms: int
    waits: dict[int, int]


def lines_of(requests: Sequence[Logged], *, share_id: bool = False) -> list[Line]:
    """A log stream of them, in its order. Their callers may give all of them one id."""
    stamped = []
    for number, (texts, began_ms, waits) in enumerate(requests):
        at_ms = BEGIN_MS + began_ms
        request_id = f"{0 if share_id else number:08}-9ab6-4fc5-851d-9ab66fc506b3"
        for place, line in enumerate(prefixed(texts, request_id)):
            at_ms += waits.get(place, 0)
            stamped.append((at_ms, line))
    stamped.sort(key=lambda one: one[0])
    return [
        {"id": f"{number:056}", "timestamp": at_ms, "message": line}
        for number, (at_ms, line) in enumerate(stamped)
    ]


@st.composite
def windows(draw: st.DrawFn) -> list[tuple[int, int]]:
    """A division of the time in which requests begin, into windows of any lengths."""
    end_ms = BEGIN_MS + SPAN_MS + 1
    if draw(st.booleans()):
        length = draw(st.sampled_from([MINUTE_MS, 5 * MINUTE_MS, 7 * MINUTE_MS, 60 * MINUTE_MS]))
        cuts = {*range(BEGIN_MS - draw(st.integers(0, length)), end_ms, length), end_ms}
    else:
        inner = draw(st.sets(st.integers(BEGIN_MS + 1, end_ms - 1), max_size=8))
        cuts = {BEGIN_MS - 1, *inner, end_ms}
    return list(pairwise(sorted(cuts)))


def told_by(
    division: Sequence[tuple[int, int]], lines: Sequence[Line], beyond_ms: int, **more: object
) -> list[Told]:
    """Each window asked with the lines that an audit reads for it."""
    return [
        METERING.told(
            [one for one in lines if start - beyond_ms <= one["timestamp"] < end + beyond_ms],
            {"fromMs": start, "toMs": end, **more},
            logGroup=GROUP,
        )
        for start, end in division
    ]


def keys_of(parts: Sequence[Told]) -> list[str]:
    return sorted(key for part in parts for key in part.event_keys())


ENDS = st.sampled_from([None, REFUSAL])
BEGINS = st.integers(0, SPAN_MS)


@st.composite
def whole(draw: st.DrawFn, longest_ms: int, number: int) -> Logged:
    """A request whose lines are all in the log, with waits wherever it likes."""
    texts = request_texts(
        extended_id=f"id{number:08}=",
        authorizer=draw(st.sampled_from([[], authorizer_texts(f"cus_{number:08}")])),
        status=draw(st.sampled_from([200, 404, 500])),
        end=draw(ENDS),
    )
    if draw(st.integers(0, 5)) == 0:
        texts = ERROR_LEVEL
    left, waits = longest_ms, {}
    for place in draw(st.sets(st.integers(1, len(texts) - 1), max_size=3)):
        waits[place] = draw(st.integers(0, left) | st.just(left))
        left -= waits[place]
    return Logged(texts, draw(BEGINS), waits)


@st.composite
def slow(draw: st.DrawFn, number: int) -> Logged:
    """A request that waits for its backend, until it is answered."""
    texts = request_texts(
        extended_id=f"id{number:08}=", authorizer=authorizer_texts(f"cus_{number:08}")
    )
    waits = {texts.index(BACKEND) + 1: draw(st.integers(0, LONGEST_MS) | st.just(LONGEST_MS))}
    return Logged(texts, draw(BEGINS), waits)


@st.composite
def part(draw: st.DrawFn, number: int) -> Logged:
    """A slow request of which the log lacks the beginning or the end."""
    texts, began_ms, waits = draw(slow(number))
    cut = draw(st.integers(1, len(texts) - 1))
    if draw(st.booleans()):
        return Logged(texts[:cut], began_ms, waits)
    return Logged(texts[cut:], began_ms, {place - cut: wait for place, wait in waits.items()})


def several(each: Any) -> st.SearchStrategy[list[Logged]]:
    """Up to five of them."""
    return st.integers(1, 5).flatmap(lambda count: st.tuples(*map(each, range(count))).map(list))


@given(several(lambda number: whole(BEYOND_MS, number)), windows())
def test_a_whole_request_is_told_by_one_window(
    requests: list[Logged], division: list[tuple[int, int]]
) -> None:
    """One that takes five minutes at most, which the lines reach beyond the window: all windows
    together tell what metering makes of the whole log.
    """
    lines = lines_of(requests)
    parts = told_by(division, lines, BEYOND_MS)
    taken = METERING.take(lines, logGroup=GROUP)
    assert keys_of(parts) == sorted(METERING.sent_keys())
    assert together(parts) == counts_of(taken)
    for logged in requests:
        alone = told_by(division, lines_of([logged]), BEYOND_MS)
        holder = [start <= BEGIN_MS + logged.began_ms < end for start, end in division]
        assert [sum(one.counts().values()) for one in alone] == list(map(int, holder))


@given(several(slow), windows())
def test_a_request_that_crosses_the_edge_is_not_called_incomplete(
    requests: list[Logged], division: list[tuple[int, int]]
) -> None:
    """It is told once: billed, or as one whose end is behind the lines, with all lines of it."""
    lines = lines_of(requests)
    parts = told_by(division, lines, BEYOND_MS)
    counts = together(parts)
    assert counts.keys() <= {"billed", "unended"}
    assert counts.total() == len(requests)
    METERING.take(lines, logGroup=GROUP)
    keys = keys_of(parts)
    assert len(set(keys)) == len(keys)
    assert set(keys) <= set(METERING.sent_keys())
    short = sum(sum(logged.waits.values()) <= BEYOND_MS for logged in requests)
    assert counts["billed"] >= short


@given(several(slow) | several(part), windows())
def test_with_a_quarter_of_an_hour_on_both_sides_nothing_is_left_open(
    requests: list[Logged], division: list[tuple[int, int]]
) -> None:
    """Who reads so much and says so is told all, also of requests that lack a part in the log."""
    lines = lines_of(requests)
    parts = told_by(division, lines, LONGEST_MS, beyondMs=LONGEST_MS)
    # A request that lacks its beginning may be logged behind the time in which it began.
    late = (division[-1][1], BEGIN_MS + 2 * SPAN_MS)
    parts += told_by([late], lines, LONGEST_MS, beyondMs=LONGEST_MS)
    taken = METERING.take(lines, logGroup=GROUP)
    assert keys_of(parts) == sorted(METERING.sent_keys())
    assert together(parts) == counts_of(taken)


@given(several(part), windows())
def test_a_part_of_a_request_is_never_told_twice(
    requests: list[Logged], division: list[tuple[int, int]]
) -> None:
    """With five minutes on both sides a window may leave it to another one."""
    lines = lines_of(requests)
    for logged in requests:
        counts = together(told_by(division, lines_of([logged]), BEYOND_MS))
        assert counts.total() <= 1
    counts = together(told_by(division, lines, BEYOND_MS))
    began = sum(logged.texts[0].startswith("Extended") for logged in requests)
    assert counts.total() >= began


@given(several(slow), windows(), st.sampled_from([BEYOND_MS, LONGEST_MS]))
def test_requests_of_one_id_are_told_once_each(
    requests: list[Logged], division: list[tuple[int, int]], beyond_ms: int
) -> None:
    """Where they overlap, an edge decides whether they can be told apart, not how many they are."""
    lines = lines_of(requests, share_id=True)
    parts = told_by(division, lines, beyond_ms, beyondMs=beyond_ms)
    assert together(parts).total() == len(requests)


def test_what_follows_a_request_long_after_is_no_request_of_its_own() -> None:
    """Lines that API Gateway writes behind the end, where the lines before them were not read."""
    texts = [*request_texts(), "X-ray Tracing ID : 1-5c"]
    late = Logged(texts, 0, {len(texts) - 2: BEYOND_MS + 2 * MINUTE_MS})
    division = [(BEGIN_MS + at, BEGIN_MS + at + MINUTE_MS) for at in range(0, SPAN_MS, MINUTE_MS)]
    assert together(told_by(division, lines_of([late]), BEYOND_MS)) == {"billed": 1}


@pytest.mark.parametrize("beyond_ms", [BEYOND_MS, LONGEST_MS])
def test_a_request_without_an_end_is_told_once_that_is_sure(beyond_ms: int) -> None:
    """With the place of each of its lines; until then it may have one behind the lines."""
    cut = Logged(request_texts()[:9], 0, {})
    asked = {"fromMs": BEGIN_MS, "toMs": BEGIN_MS + 1, "beyondMs": beyond_ms}
    told = METERING.told(lines_of([cut]), asked, logGroup=GROUP)
    places = list(range(9))
    if beyond_ms < LONGEST_MS:
        assert (told.quarantined, told.unended) == ([], [places])
    else:
        assert (told.quarantined, told.unended) == ([("incomplete", places)], [])


@given(
    st.lists(
        st.tuples(st.integers(0, SPAN_MS) | st.none(), st.sampled_from(["200", "401", "-", "x"])),
        max_size=20,
    ),
    windows(),
    st.booleans(),
)
def test_each_line_of_an_access_log_is_told_by_one_window(
    logged: list[tuple[int | None, str]],
    division: list[tuple[int, int]],
    more: bool,  # noqa: FBT001 - whether windows are asked with the lines of others too
) -> None:
    """By that of its log event's time; what says none stands at the beginning of time."""
    lines: list[Line] = [
        {
            "id": f"{number:056}",
            "message": distinct_line(number, status=status),
            **({} if after_ms is None else {"timestamp": BEGIN_MS + after_ms}),
        }
        for number, (after_ms, status) in enumerate(logged)
    ]
    parts: list[Told] = []
    lines_told: Counter[str] = Counter()
    for start, end in [(0, division[0][0]), *division]:
        shown = [one for one in lines if more or start <= one.get("timestamp", 0) < end]
        part = METERING.told(shown, {"fromMs": start, "toMs": end}, logGroup=LOG_GROUP)
        parts.append(part)
        lines_told.update(shown[place]["id"] for place in part.places())
    taken = METERING.take(lines, logGroup=LOG_GROUP)
    assert together(parts) == counts_of(taken)
    assert together(parts).total() == len(lines)
    assert keys_of(parts) == sorted(METERING.sent_keys())
    assert set(lines_told.values()) <= {1}
