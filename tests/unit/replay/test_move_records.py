"""What a move writes down of each message, under which name, and what it knows of earlier tries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.adapters.message_queue import BYTES_PER_CALL
from functions.replay.limits import Moved
from functions.replay.manifest import HeldRow, SentRow
from functions.replay.selection import DRY_RUN, NOT_CHOSEN, OWN, Keep, WaitingMessage
from functions.replay.usage_move import CountedKeeps, UsageMove, count_kept
from functions.replay.waiting_messages import HOLD_SECONDS
from functions.usage.message import SetAsideRecord, UsageMessage, to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.set_aside_messages import NOW_MS, event, message, record
from tests.unit.replay.test_usage_move import YoungestFirst, a_round

SENT_AT_MS = NOW_MS - 1
KEYS = [event(number)["idempotencyKey"] for number in range(9)]


@dataclass
class Notebook:
    """Keeps each object by its kind and name; `moved` is what earlier tries of a round moved."""

    moved: int = 0
    hidden: set[str] = field(default_factory=set)
    sent: dict[str, list[SentRow]] = field(default_factory=dict)
    would_send: dict[str, list[SentRow]] = field(default_factory=dict)
    held: dict[str, list[HeldRow]] = field(default_factory=dict)
    moving_ids: dict[str, list[str]] = field(default_factory=dict)
    rounds_asked: list[int] = field(default_factory=list)
    reads: int = 0

    def put_sent(self, name: str, rows: Sequence[SentRow], *, dry_run: bool = False) -> None:
        (self.would_send if dry_run else self.sent)[name] = list(rows)

    def put_held(self, name: str, rows: Sequence[HeldRow]) -> None:
        self.held[name] = list(rows)

    def put_moving(self, name: str, message_ids: Iterable[str]) -> None:
        self.moving_ids[name] = list(message_ids)

    def moving(self, round_number: int) -> int:
        self.rounds_asked.append(round_number)
        return self.moved

    def held_ids(self, _: int) -> set[str]:
        self.reads += 1
        return self.hidden


@dataclass
class Places:
    """The queues of a move, and its notebook."""

    waiting: YoungestFirst = field(default_factory=YoungestFirst)
    set_aside: YoungestFirst = field(default_factory=YoungestFirst)
    usage: YoungestFirst = field(default_factory=YoungestFirst)
    notebook: Notebook = field(default_factory=Notebook)

    def run(self, *messages: UsageMessage, **order: Any) -> Moved:
        """Of `messages` the last is claimed first."""
        self.waiting.send(map(to_body, messages))
        return UsageMove(
            waiting=self.waiting,
            set_aside=self.set_aside,
            usage=self.usage,
            manifests=self.notebook,
            now_ms=lambda: NOW_MS,
        ).run(a_round(order), "000001-move", lambda: True)


def sent_row(number: int) -> SentRow:
    return {
        "key": KEYS[number],
        "customerId": "cus_a",
        "meter": "api_calls",
        "quantity": 1,
        "occurredAt": "2026-11-23T10:00:00.000Z",
        "setAsideClass": "config",
        "maybeBilledSinceMs": None,
        "decidedUntilMs": None,
    }


def held_row(name: str, why: str, events: int = 1, **said: str) -> HeldRow:
    row: HeldRow = {
        "messageId": name,
        "receiptHandle": name,
        "why": why,
        "setAsideClass": "config",
        "events": events,
        "reason": "unknown_metric",
        "firstKey": "",
        "sentAtMs": SENT_AT_MS,
    }
    return row | said  # type: ignore[return-value]  # fields of its own


@pytest.mark.parametrize("promised", [{}, {"maxMessages": 9}])
def test_a_claim_is_written_down_under_the_name_of_its_move(promised: dict[str, int]) -> None:
    """And its number: two tries of a round share no object. Only who promised a number of messages
    has their ids written down.
    """
    places, note = Places(), record("config")
    poison = message([event(4)], record("poison"))
    moved = places.run(poison, message([event(1), event(2)], note), **promised)
    assert moved == Moved(messages=1, events=2, seen=2, held=1, is_queue_empty=True)
    assert places.notebook.sent == {"000001-move-000": [sent_row(1), sent_row(2)]}
    told = {"setAsideClass": "poison", "firstKey": KEYS[4]}
    assert places.notebook.held == {"000001-move-000": [held_row("0", NOT_CHOSEN, 1, **told)]}
    assert places.notebook.moving_ids == ({"000001-move-000": ["1"]} if promised else {})
    assert places.set_aside.bodies == {}
    assert len(places.usage.bodies) == 1


def test_each_claim_has_a_number() -> None:
    """Of the second one the objects are beside those of the first."""
    places = Places()
    places.run(*(message([event(n % 9)], record("config")) for n in range(101)))
    assert list(places.notebook.sent) == list(places.notebook.held)
    assert {name: len(rows) for name, rows in places.notebook.sent.items()} == {
        "000001-move-000": 100,
        "000001-move-001": 1,
    }


def test_a_dry_run_writes_down_what_it_would_send_and_what_it_holds() -> None:
    """With the reason for which it waits: the newest of its history."""
    places = Places()
    noted = message([event(1), event(2)], record("config"), [{**record("auth"), "reason": "old"}])
    moved = places.run(noted, dryRun=True)
    assert moved == Moved(messages=1, events=2, seen=1, held=1, is_queue_empty=True)
    assert places.notebook.would_send == {"000001-move-000": [sent_row(1), sent_row(2)]}
    assert places.notebook.sent == {}
    assert places.notebook.held == {"000001-move-000": [held_row("0", DRY_RUN, 2)]}
    assert places.usage.bodies == places.set_aside.bodies == {}


def test_what_is_too_large_is_held_with_its_first_key() -> None:
    """By it the ledger tells why it was set aside: that is not said again."""
    places = Places()
    grown: SetAsideRecord = {**record("config"), "reason": "x" * BYTES_PER_CALL}
    places.run(message([event(1), event(2)], grown))
    told = {"reason": "", "firstKey": KEYS[1]}
    assert places.notebook.held == {"000001-move-000": [held_row("0", "too_large", 2, **told)]}
    assert places.usage.bodies == {}


def test_a_redriven_message_is_moved_with_a_record_of_this_moment() -> None:
    """Nobody wrote one when SQS moved it."""
    places = Places()
    places.run(message([event(1)]))
    (body,) = places.usage.bodies.values()
    assert f'"lastTriedAt":"{iso_from_epoch_ms(NOW_MS)}"' in body


@pytest.mark.parametrize(
    ("order", "asked", "moved"), [({"maxMessages": 9}, [1], 3 + 2), ({}, [], 2)]
)
def test_what_earlier_tries_of_a_round_moved_counts_against_a_promise(
    order: dict[str, int], asked: list[int], moved: int
) -> None:
    """And is asked for only where a number was promised: else a message may go twice."""
    places = Places(notebook=Notebook(moved=3))
    found = places.run(*(message([event(n)], record("config")) for n in range(2)), **order)
    assert places.notebook.rounds_asked == asked
    assert found.messages == moved


def keep_of(name: str, receives: int, why: str = NOT_CHOSEN) -> tuple[WaitingMessage, Keep]:
    return WaitingMessage(name, name, "", SENT_AT_MS, receives), Keep(why)


@pytest.mark.parametrize(
    ("after_ms", "receives", "is_read"),
    [
        (0, 2, False),
        (HOLD_SECONDS * 1000, 2, False),
        (HOLD_SECONDS * 1000 + 1, 1, False),
        (HOLD_SECONDS * 1000 + 1, 2, True),
    ],
)
def test_what_was_held_is_looked_up_when_it_can_have_shown_again(
    after_ms: int, receives: int, *, is_read: bool
) -> None:
    """After a quarter of an hour, of what was received before: to read all that is held takes long
    where much is.
    """
    notebook = Notebook(hidden={"a"})
    first_time = [keep_of("b", 1), keep_of("c", 1, OWN), keep_of("d", 1, DRY_RUN)]
    keeps = [keep_of("a", receives), *first_time]
    found = count_kept(notebook, a_round({}), keeps, NOW_MS + after_ms)
    assert notebook.reads == is_read
    fresh = [keep for _, keep in (first_time if is_read else keeps)]
    assert found == CountedKeeps(fresh, int(is_read))
    assert (found.held, found.would_move) == (len(fresh), 1)
    assert found.not_of_the_snapshot == 1 + is_read
