"""What the exit status of a look says."""

from concurrent.futures import Future
from typing import Any

import pytest

from functions.operator.status import reading_status, status_command
from functions.operator.status.reading_status import _Told
from tests.fakes.statuses import status


@pytest.mark.parametrize(("not_read", "expected"), [((), 0), (("alarms: AWS says no",), 1)])
def test_who_asks_from_a_schedule_learns_that_a_part_was_not_read(
    not_read: tuple[str, ...], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A calm stack and one that nobody may read do not end alike."""
    found: dict[str, Any] = {"not_read": not_read}
    monkeypatch.setattr(status_command, "find_deployment", lambda _: None)
    monkeypatch.setattr(reading_status, "read_status", lambda *_: status(**found))
    for form in ("table", "json"):
        assert status_command.status(form=form) == expected


@pytest.mark.parametrize("error", [ValueError("no JSON"), KeyError("Attributes"), TypeError("x")])
def test_an_answer_that_is_not_understood_stops_no_other_part(error: Exception) -> None:
    """An object of another version, say: it stands among what was not read."""
    part: Future[int] = Future()
    part.set_exception(error)
    told = _Told()
    assert told.unless("what was audited", part, 0) == 0
    assert told.not_read == [f"what was audited: cannot be understood ({error!r})"]
