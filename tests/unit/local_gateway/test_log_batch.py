from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.log_batch import (
    EVENT_OVERHEAD_BYTES,
    MAX_BYTES,
    MAX_EVENTS,
    MAX_SPAN_MS,
    LogEntry,
    batches,
)

STAMPS = st.integers(min_value=0, max_value=3 * MAX_SPAN_MS)
ENTRIES = st.builds(
    lambda at, lines, size: LogEntry(tuple((at, "x" * size) for _ in range(lines))),
    STAMPS,
    st.integers(min_value=1, max_value=4000),
    st.sampled_from([0, 10, 200]),
)


@given(st.lists(ENTRIES, max_size=12))
def test_every_entry_is_in_exactly_one_batch_within_the_limits(entries: list[LogEntry]) -> None:
    """Nothing is lost, doubled or reordered, and CloudWatch Logs accepts each batch."""
    made = list(batches(entries))
    assert [entry for batch in made for entry in batch] == entries
    for batch in made:
        events = [event for entry in batch for event in entry.events]
        stamps = [at for at, _ in events]
        assert len(events) <= MAX_EVENTS
        assert sum(len(text) + EVENT_OVERHEAD_BYTES for _, text in events) <= MAX_BYTES
        assert max(stamps) - min(stamps) <= MAX_SPAN_MS
