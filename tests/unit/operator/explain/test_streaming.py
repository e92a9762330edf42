"""Forms that go by lines are explained as they come, however long the input is."""

import gzip
import json
from collections.abc import Iterator
from itertools import count

import pytest

from functions.operator.explain.gathering import LINES_AT_ONCE
from functions.operator.explain.inputs import read_input
from tests.fakes.access_log_lines import access_line
from tests.fakes.printed_logs import FORMS, Printed, pretty

# What one log event is in an endless input; the head stands once before them.
ENDLESS = {
    "tail": ("", FORMS["tail"]),
    "tail, short": ("", FORMS["tail, short"]),
    "tail, json": ("", FORMS["tail, json"]),
    "console": ("", FORMS["console"]),
    "export": ("", FORMS["export"]),
    "pairs, text": ("", FORMS["pairs, text"]),
    "filter-log-events, text": ("", FORMS["filter-log-events, text"]),
    "Insights, CSV": ("@timestamp,@message\n", None),
    "pretty": ("", None),
}
OWN = {
    "Insights, CSV": f'2026-07-20 01:50:15.218,"{access_line().replace('"', '""')}"\n',
    "pretty": pretty(access_line(), 2) + "\n",
}
MOST = 3 * LINES_AT_ONCE


def endless(form: str, read: list[int]) -> Iterator[bytes]:
    head, printer = ENDLESS[form]
    yield head.encode()
    for number in count():
        read[0] = number
        event = Printed(access_line(), number=number)
        yield (printer([event]) if printer else OWN[form]).encode()


@pytest.mark.parametrize("form", ENDLESS)
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
def test_the_first_requests_are_there_after_some_thousands_of_lines(
    form: str, *, is_packed: bool
) -> None:
    """Nothing is held that has an end before the input has."""
    read = [0]
    pieces = endless(form, read)
    packed = (gzip.compress(piece) for piece in pieces)
    deliveries = read_input(packed if is_packed else pieces, "auto")
    found = next(deliveries).log_events
    assert len(found) == LINES_AT_ONCE
    assert read[0] < MOST
    messages = [entry["message"] for entry in found if isinstance(entry, dict)]
    assert [json.loads(text) for text in messages] == [json.loads(access_line())] * LINES_AT_ONCE
