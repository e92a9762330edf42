"""The ledger is read as little as can be, and never believed unread."""

import gzip
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.key_filter import Sieve, key_filter
from functions.audit.comparison import settled
from functions.audit.comparison.expected import Expected, KeyState
from functions.audit.comparison.settled import CLOCK_SKEW, FEW, SettledUsageReader, state_of
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.audited_log import DEDUP_WINDOW, START_MS, AuditedLogs, LoggedRequest

if TYPE_CHECKING:
    from functions.adapters.ledger import Ledger

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


@dataclass
class ReadInTurn:
    """A ledger of which nothing is fetched ahead: one object a key, named by its filter, in the
    order of `keys`.
    """

    keys: list[str]
    said: dict[str, Any] = field(default_factory=lambda: {"outcome": "confirmed"})
    asked: list[tuple[str, str]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def names(self, prefix: str, *, after: str) -> Iterator[str]:
        self.asked.append((prefix, after))
        return (f"{prefix}{key}.{key_filter([key])}.json.gz" for key in self.keys)

    def read_each(self, names: Iterable[str]) -> Iterator[tuple[str, Iterator[LedgerRow]]]:
        for name in names:
            key = name.rpartition("/")[2].split(".")[0]
            self.read.append(key)
            row: Any = {"key": key, **self.said}
            yield name, iter([row])


def read_in_turn(ledger: ReadInTurn, keys: Iterable[str], minute: int = 0) -> Expected:
    expected = Expected()
    for key in keys:
        expected.add("cus_a", [key], iso_from_epoch_ms(START_MS + minute * 60_000))
    reader = SettledUsageReader(cast("Ledger", ledger), DEDUP_WINDOW)
    reader.strike_out(expected, START_MS + 60_000, NOW)
    return expected


def keys_of(count: int) -> list[str]:
    return [f"key-{number}" for number in range(count)]


@pytest.mark.parametrize(("minute", "after"), [(0, "075500"), (1, "075600"), (5, "075600")])
def test_an_hour_is_read_from_five_minutes_before_its_first_request(
    minute: int, after: str
) -> None:
    """Or before the first line, where that was logged first: the difference of two clocks."""
    assert timedelta(minutes=5) == CLOCK_SKEW
    ledger = ReadInTurn(keys_of(2))
    read_in_turn(ledger, keys_of(2), minute)
    prefix = "ledger/2026-10-03/08/"
    assert ledger.asked == [(prefix, f"{prefix}20261003T{after}")]


def test_an_hour_is_read_by_utc_wherever_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forwarder names its objects so; nine hours later nothing of the hour would be found."""
    ledger = ReadInTurn(keys_of(1))
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        read_in_turn(ledger, keys_of(1))
    time.tzset()
    assert ledger.asked == [("ledger/2026-10-03/08/", "ledger/2026-10-03/08/20261003T075500")]


@pytest.mark.parametrize(("after_ms", "state"), [(-1, KeyState.UNDECIDED), (0, KeyState.SET_ASIDE)])
def test_aforo_remembers_for_the_dedup_window(after_ms: int, state: KeyState) -> None:
    """Up to the moment of the audit: what may be billed since longer, a person decides."""
    since = (NOW - DEDUP_WINDOW).timestamp() * 1000 + after_ms
    said = {"outcome": "set_aside", "maybeBilledSince": iso_from_epoch_ms(int(since))}
    ledger = ReadInTurn(keys_of(2), said)
    assert set(read_in_turn(ledger, keys_of(2)).states()) == {state}


def test_nothing_is_asked_of_an_hour_that_is_confirmed() -> None:
    """The second look at a window is at what is left of it."""
    ledger, keys = ReadInTurn(keys_of(3)), keys_of(3)
    expected = read_in_turn(ledger, keys)
    reader = SettledUsageReader(cast("Ledger", ledger), DEDUP_WINDOW)
    reader.strike_out(expected, START_MS, NOW)
    assert len(ledger.asked) == 1
    assert ledger.read == keys


@pytest.mark.parametrize("more", [0, 1])
def test_names_are_sifted_when_few_keys_are_left(more: int) -> None:
    """Of many nearly every object has one: nothing is sifted before 256 are left, from then on
    objects of others are passed over.
    """
    assert FEW == 256
    others = [f"other-{number}" for number in range(40)]
    ledger = ReadInTurn(others)
    read_in_turn(ledger, keys_of(FEW + more))
    assert (len(ledger.read) == 40) is bool(more)


def test_a_sieve_is_made_again_each_time_when_half_of_its_keys_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To make one costs as much as to look through a hundred names."""
    sizes: list[int] = []

    class Counted(Sieve):
        @classmethod
        def of(cls, fingerprints: Iterable[int]) -> "Counted":
            found = list(fingerprints)
            sizes.append(len(found))
            return super().of(found)

    monkeypatch.setattr(settled, "Sieve", Counted)
    ledger, keys = ReadInTurn(keys_of(300)), keys_of(300)
    assert set(read_in_turn(ledger, keys).states()) == {KeyState.CONFIRMED}
    assert sizes == [256, 128, 64, 32, 16, 8, 4, 2, 1]
    assert ledger.read == keys


DOUBT_ENDS = datetime.fromtimestamp(START_MS / 1000, UTC)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"outcome": "confirmed"}, KeyState.CONFIRMED),
        ({"outcome": "confirmed", "setAsideClass": "ambiguous"}, KeyState.CONFIRMED),
        ({"outcome": "set_aside"}, KeyState.SET_ASIDE),
        ({"outcome": "set_aside", "setAsideClass": "config"}, KeyState.SET_ASIDE),
        ({"outcome": "set_aside", "setAsideClass": "ambiguous"}, KeyState.UNDECIDED),
        ({"outcome": "set_aside", "maybeBilledSince": None}, KeyState.SET_ASIDE),
        (
            {"outcome": "set_aside", "maybeBilledSince": iso_from_epoch_ms(START_MS - 1)},
            KeyState.UNDECIDED,
        ),
        (
            {"outcome": "set_aside", "maybeBilledSince": iso_from_epoch_ms(START_MS)},
            KeyState.SET_ASIDE,
        ),
    ],
)
def test_a_row_says_what_aforo_has_as_far_as_it_remembers(row: Any, state: KeyState) -> None:
    """What it may have and no longer remembers a person decides."""
    assert state_of(row, DOUBT_ENDS) is state
