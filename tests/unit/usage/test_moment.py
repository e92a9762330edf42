"""Epoch milliseconds inside, ISO 8601 UTC outside, and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.usage.moment import (
    HOUR_MS,
    epoch_ms_from_iso,
    hour_of,
    is_filed,
    is_own_form,
    iso_from_epoch_ms,
)

# What a log can say: from 1970 to the end of the calendar.
MOMENTS_MS = st.integers(0, 253_402_300_799_999)
WHOLE_OFFSETS = st.integers(-14 * 60, 14 * 60)


@given(MOMENTS_MS)
def test_there_and_back(epoch_ms: int) -> None:
    """Not a millisecond is lost, and the text has one form: 24 characters, Z."""
    text = iso_from_epoch_ms(epoch_ms)
    assert epoch_ms_from_iso(text) == epoch_ms
    assert len(text) == 24
    assert text.endswith("Z")
    assert iso_from_epoch_ms(epoch_ms_from_iso(text)) == text


@given(MOMENTS_MS, MOMENTS_MS)
def test_texts_sort_as_their_moments_do(one: int, other: int) -> None:
    """The ledger and replay compare texts."""
    assert (iso_from_epoch_ms(one) < iso_from_epoch_ms(other)) == (one < other)


@given(MOMENTS_MS)
def test_the_own_form_is_known_by_its_looks(epoch_ms: int) -> None:
    """Of times in UTC: shorter and finer ones, and those with a comma, have another order."""
    own = iso_from_epoch_ms(epoch_ms)
    assert is_own_form(own)
    for other in (f"{own[:19]}Z", f"{own[:-1]}000Z", own.replace(".", ",")):
        assert epoch_ms_from_iso(other) // 1000 == epoch_ms // 1000
        assert not is_own_form(other)


@given(st.integers(86_400_000, 253_402_214_400_000), WHOLE_OFFSETS)
def test_an_offset_says_the_same_moment(epoch_ms: int, minutes: int) -> None:
    """Others write +02:00 where we write Z."""
    sign, (hours, rest) = "-+"[minutes >= 0], divmod(abs(minutes), 60)
    local = iso_from_epoch_ms(epoch_ms + minutes * 60_000)[:-1]
    assert epoch_ms_from_iso(f"{local}{sign}{hours:02d}:{rest:02d}") == epoch_ms


@given(MOMENTS_MS, MOMENTS_MS)
def test_one_hour_is_one_text(one: int, other: int) -> None:
    """Ledger and counters agree on which hour a request belongs to."""
    same_text = hour_of(iso_from_epoch_ms(one)) == hour_of(iso_from_epoch_ms(other))
    assert same_text == (one // HOUR_MS == other // HOUR_MS)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_finer_than_a_millisecond_is_cut(moment: datetime) -> None:
    """Never rounded up: an event must not move into the next hour. Before 1970 too."""
    assert epoch_ms_from_iso(moment.isoformat()) == (
        (moment - datetime(1970, 1, 1, tzinfo=UTC)).days * 86_400_000
        + (moment - datetime(1970, 1, 1, tzinfo=UTC)).seconds * 1000
        + moment.microsecond // 1000
    )


@pytest.mark.parametrize(
    ("epoch_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_790_928_930_412, "2026-10-02T08:15:30.412Z"),
        (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
    ],
)
def test_known_moments(epoch_ms: int, text: str) -> None:
    """Aforo's form (aforo-contract.md 1.1.2)."""
    assert iso_from_epoch_ms(epoch_ms) == text


@pytest.mark.parametrize("text", ["2026-10-02T08:15:30", "2026-10-02", "2026-10-02T08:15:30.412"])
def test_a_time_without_an_offset_is_no_moment(text: str) -> None:
    """It would mean another moment on every machine."""
    with pytest.raises(ValueError, match="no UTC offset"):
        epoch_ms_from_iso(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30T00:00:00Z", "1790928930412"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """Loud, never a guess."""
    with pytest.raises(ValueError, match=r"."):
        epoch_ms_from_iso(text)


@given(MOMENTS_MS)
def test_what_we_write_is_filed_by_its_hour(epoch_ms: int) -> None:
    """In the one form of ISO 8601 that sorts as text."""
    assert is_filed(iso_from_epoch_ms(epoch_ms))


@pytest.mark.parametrize("text", ["20261002T081530Z", "2026-W40-5T08:15Z", "2026-10-02 08:15Z", ""])
def test_another_form_of_a_time_names_no_hour(text: str) -> None:
    """Of the first the ledger would make the hour 20261002T0815."""
    assert not is_filed(text)
