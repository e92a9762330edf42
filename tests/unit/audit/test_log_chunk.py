"""What may be one request is never in two chunks."""

from collections.abc import Callable
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from functions.audit.log.log_chunk import (
    CHUNK_CHARS,
    CHUNK_LINES,
    Chunk,
    mixed_chunks,
    stream_chunks,
)
from functions.metering.execution.grouping import Group, grouped
from tests.fakes.execution_log_lines import prefixed, request_texts, vended


def line(number: int, message: str) -> dict[str, Any]:
    return {"id": f"{number:056}", "timestamp": 1_796_000_000_000 + number, "message": message}


def groups_of(lines: Any) -> list[frozenset[str]]:
    """The requests that metering makes of these lines, each as the ids of its lines."""
    return [
        frozenset(one["id"] for one in cast("list[dict[str, str]]", found.log_events))
        for found in grouped(list(lines))
        if isinstance(found, Group)
    ]


# Few ids, so that requests share them; few texts that begin a request, end one, or are in it.
TEXTS = st.tuples(
    st.sampled_from(["(a) ", "(b) ", "(c) ", ""]),
    st.sampled_from(
        [
            "Extended Request Id: one=",
            "Extended Request Id: two=",
            "Starting execution for request: x",
            "HTTP Method: GET, Resource Path: /pets",
            "Method completed with status: 200",
            "not of any log",
        ]
    ),
    st.sampled_from([str, vended]),
)


@given(st.lists(TEXTS, min_size=1, max_size=40))
def test_halves_have_the_requests_of_the_whole(
    texts: list[tuple[str, str, Callable[[str], str]]],
) -> None:
    """However often they are halved: metering makes the same groups of the parts."""
    messages = [wrap(prefix + text) for prefix, text, wrap in texts]
    lines = [line(number, text) for number, text in enumerate(messages)]
    pending, ends = [Chunk("s", tuple(lines), kind="execution")], []
    while pending:
        chunk = pending.pop()
        halves = chunk.halves()
        if halves is None:
            ends.append(chunk)
        else:
            assert sorted([*halves[0], *halves[1]]) == list(range(len(chunk.lines)))
            pending += [chunk.only(half) for half in halves]
    found = [group for chunk in ends for group in groups_of(chunk.lines)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, groups_of(lines)))


@given(st.integers(1, 50))
def test_an_access_log_is_halved_down_to_its_lines(many: int) -> None:
    """A line is a request, also of a format with brackets."""
    lines = tuple(line(number, "(127.0.0.1) GET / 200") for number in range(many))
    chunk = Chunk("s0", lines, tuple(f"s{number}" for number in range(many)))
    halves = chunk.halves()
    if many == 1:
        assert halves is None
        return
    assert halves is not None
    assert abs(len(halves[0]) - len(halves[1])) <= 1
    second = chunk.only(halves[1])
    assert second.log_stream == second.stream_of(0) == f"s{halves[1][0]}"
    assert second.lines == lines[halves[1][0] :]


def test_a_stream_that_does_not_fit_is_divided_between_request_ids() -> None:
    """Each part holds all lines of its ids, in their order."""
    each = len(request_texts())
    many = CHUNK_LINES // each + 10
    names = [f"{number:08}-0000-4000-8000-000000000000" for number in range(many)]
    texts = [prefixed(request_texts(extended_id=f"{name[:8]}="), name) for name in names]
    # All requests run at once.
    woven = [text for row in zip(*texts, strict=True) for text in row]
    lines = [line(number, text) for number, text in enumerate(woven)]
    chunks = list(stream_chunks("s", lines))
    assert len(chunks) == 2
    assert all(len(chunk.lines) <= CHUNK_LINES for chunk in chunks)
    ids_of = [[str(one["id"]) for one in chunk.lines] for chunk in chunks]
    assert ids_of == [sorted(one) for one in ids_of]
    found = [group for chunk in chunks for group in groups_of(chunk.lines)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, groups_of(lines)))


def test_what_one_request_id_has_is_not_divided() -> None:
    """A caller may choose one for all its requests."""
    lines = [line(number, "(a) Method request body: x") for number in range(CHUNK_LINES + 1)]
    (chunk,) = stream_chunks("s", lines)
    assert len(chunk.lines) == CHUNK_LINES + 1
    assert chunk.halves() is None
    assert list(stream_chunks("s", [])) == []


@given(st.lists(st.integers(0, CHUNK_CHARS), max_size=8))
def test_no_chunk_holds_more_text_than_a_call_takes(sizes: list[int]) -> None:
    """Unless one line alone does."""
    text = "x" * CHUNK_CHARS
    lines = [(f"s{number}", line(number, text[:size])) for number, size in enumerate(sizes)]
    chunks = list(mixed_chunks(lines))
    assert [one for chunk in chunks for one in chunk.lines] == [one for _, one in lines]
    assert [one for chunk in chunks for one in chunk.streams] == [name for name, _ in lines]
    for chunk in chunks:
        assert sum(len(one["message"]) for one in chunk.lines) <= CHUNK_CHARS
