"""The ways in which access logs write a request's start."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.request_time import time_ms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1784512215218", 1_784_512_215_218),
        ("1747602530", 1_747_602_530_000),
        ("18/Jul/2022:12:33:39 +0000", 1_658_147_619_000),
        ("18/Jul/2022:14:33:39 +0200", 1_658_147_619_000),
        ("18/Jul/2022:08:03:39 -0430", 1_658_147_619_000),
        ("31/Dec/2016:23:59:60 +0000", 1_483_228_800_000),
        ("2022-07-18T12:33:39.5Z", 1_658_147_619_500),
    ],
)
def test_every_form_is_read(text: str, expected: int) -> None:
    """Milliseconds, seconds, CLF with any offset and a leap second, ISO."""
    assert time_ms(text) == expected


@pytest.mark.parametrize(
    "text",
    ["-", "now", "2022-07-18T12:33:39", "18-Jul-2022:12:33:39 +0000", "99/Jul/2022:12:33:39 +0000"],
)
def test_what_is_no_moment_is_none(text: str) -> None:
    """A time without an offset is any of two dozen moments."""
    assert time_ms(text) is None


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    """Whatever it is."""
    assert time_ms(text) is None or isinstance(time_ms(text), int)
