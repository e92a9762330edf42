"""The ledger is read as little as can be, and never believed unread."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from functions.adapters.json_lines import UnreadableObject
from functions.audit.comparison.expected import Expected, KeyState
from functions.audit.comparison.settled import CLOCK_SKEW, FEW, SettledUsageReader
from tests.fakes.audited_log import DEDUP_WINDOW, START_MS, AuditedLogs, LoggedRequest

NOW = datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(hours=1)
OBJECT_ROWS = 10
READ_AHEAD = 20  # objects that are fetched before they are needed


def struck_out(logs: AuditedLogs, requests: list[LoggedRequest]) -> Expected:
    expected = Expected()
    for request in requests:
        expected.add(request.customer, request.keys, request.occurred_at)
    SettledUsageReader(logs.ledger, DEDUP_WINDOW).strike_out(expected, START_MS, NOW)
    return expected


def served(minutes: int, a_minute: int = OBJECT_ROWS) -> list[LoggedRequest]:
    numbers = range(minutes * a_minute)
    return [LoggedRequest(n, START_MS + n // a_minute * 60_000) for n in numbers]


def test_reading_stops_when_all_keys_are_confirmed() -> None:
    """An hour has many objects; those of later minutes are not read, but for some ahead."""
    logs, requests = AuditedLogs(), served(minutes=50)
    for minute in range(50):
        for request in requests[minute * OBJECT_ROWS : (minute + 1) * OBJECT_ROWS]:
            logs.settle(request.rows(), minutes=minute + 1)
    expected = struck_out(logs, requests[: 5 * OBJECT_ROWS])
    assert set(expected.states()) == {KeyState.CONFIRMED}
    assert len(logs.bucket.names_read) <= 5 * OBJECT_ROWS + READ_AHEAD


def test_reading_begins_with_the_first_request() -> None:
    """Less the difference of two clocks: what was written before cannot be of the window."""
    logs, requests = AuditedLogs(), served(minutes=1)
    for minutes in range(-30, 0):
        logs.settle(LoggedRequest(1_000 - minutes, START_MS).rows(), minutes=minutes)
    logs.settle([row for request in requests for row in request.rows()])
    expected = struck_out(logs, requests)
    assert set(expected.states()) == {KeyState.CONFIRMED}
    assert len(logs.bucket.names_read) <= 1 + CLOCK_SKEW / timedelta(minutes=1)


@pytest.mark.parametrize("minutes", [-6, -20])
def test_a_request_that_is_older_than_its_window_is_looked_for_from_its_own_time_on(
    minutes: int,
) -> None:
    """A line that was logged late, of a request that was settled by another delivery of it: what
    was written after the request began may have it, also before the window.
    """
    logs, request = AuditedLogs(), LoggedRequest(1, START_MS + minutes * 60_000)
    logs.settle(request.rows(), minutes=minutes)
    assert set(struck_out(logs, [request]).states()) == {KeyState.CONFIRMED}


def test_what_the_forwarder_s_clock_wrote_too_early_is_found() -> None:
    """Up to the difference that is allowed for."""
    logs, requests = AuditedLogs(), served(minutes=1)
    logs.settle([row for request in requests for row in request.rows()], minutes=-4)
    assert set(struck_out(logs, requests).states()) == {KeyState.CONFIRMED}


def test_a_key_that_is_not_there_costs_few_objects() -> None:
    """The names tell which objects may have it."""
    logs, requests = AuditedLogs(), served(minutes=30)
    for request in requests:
        logs.settle(request.rows(), minutes=40)
    missing = [LoggedRequest(1_000_000 + number, START_MS) for number in range(3)]
    expected = struck_out(logs, missing)
    assert set(expected.states()) == {KeyState.MISSING}
    assert len(logs.bucket.names_read) <= len(requests) // 20


@pytest.mark.parametrize("left", [FEW - 1, FEW, FEW + 1, 3 * FEW])
def test_every_key_is_found_however_many_are_left(left: int) -> None:
    """Sifting begins where few are left; it never sifts out one of them."""
    requests = [LoggedRequest(number, START_MS) for number in range(left)]
    logs = AuditedLogs()
    for request in reversed(requests):
        logs.settle(request.rows())
    assert set(struck_out(logs, requests).states()) == {KeyState.CONFIRMED}


def test_requests_of_two_hours_are_found_in_both() -> None:
    """A window over the hour, and a request that took some minutes."""
    requests = [LoggedRequest(1, START_MS - 1), LoggedRequest(2, START_MS)]
    logs = AuditedLogs()
    logs.settle([row for request in requests for row in request.rows()])
    assert set(struck_out(logs, requests).states()) == {KeyState.CONFIRMED}


def test_a_replay_s_confirmation_is_found_behind_what_was_set_aside() -> None:
    """Reading goes on for it: a record says what the ledger says at its time."""
    logs, request = AuditedLogs(), LoggedRequest(1, START_MS)
    logs.settle(request.rows(outcome="set_aside", verified=False, setAsideClass="config"))
    for minute in range(2, 40):
        logs.settle(LoggedRequest(minute, START_MS).rows(), minutes=minute)
    assert list(struck_out(logs, [request]).states()) == [KeyState.SET_ASIDE]
    logs.settle(request.rows(replayId="replay-1"), minutes=50)
    assert list(struck_out(logs, [request]).states()) == [KeyState.CONFIRMED]


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"[]\n"), gzip.compress(b"{}" * 9)[:-9]],
    ids=["no gzip", "no row", "cut"],
)
def test_an_object_that_cannot_be_read_is_named(body: bytes) -> None:
    """Its rows may be those that are missing."""
    logs, request = AuditedLogs(), LoggedRequest(1, START_MS)
    logs.settle(request.rows())
    name = next(iter(logs.bucket.objects))
    logs.bucket.objects[name] = body
    with pytest.raises(UnreadableObject, match=name):
        struck_out(logs, [request])
