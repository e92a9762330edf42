"""Ten thousand lines of one window: exactly those that were left out are found missing."""

import logging
from collections.abc import Iterator

import pytest

from tests.fakes.served_window import SOURCE, ServedWindow, number_of


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Metering tells of each delivery."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_of_10_000_lines_those_that_were_left_out_are_found() -> None:
    """Beside what was set aside, excluded and quarantined; metered again, they close the window.
    `make soak-audit` does it with a million.
    """
    served = ServedWindow(10_000)
    served.settle()
    found = served.comparing().compare(SOURCE, served.window, with_lines=True)
    assert found.record.lines == 10_000
    assert found.record.equation == served.served()
    missing = {number_of(line) for one in found.missing for line in one.lines}
    assert missing == served.missing()
    assert len(found.missing) == 10
    served.settle(sorted(missing))
    again = served.comparing().compare(SOURCE, served.window, with_lines=True)
    assert again.missing == []
    assert again.record.equation.is_closed
