"""In which order a move makes things durable: a process that dies between two of them has lost
nothing, and what was hidden or written down is what the next round goes by.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.adapters.message_queue import BYTES_PER_CALL
from functions.replay.limits import Moved
from functions.replay.manifest import HeldRow, SentRow
from functions.replay.selection import Take, WaitingMessage, select
from functions.replay.transfer import Transfer
from functions.replay.usage_move import UsageMove
from functions.usage.message import UsageMessage, to_body
from tests.fakes.set_aside_messages import NOW_MS, event, message, record
from tests.unit.replay.test_usage_move import a_round

FILTER = {"customerId": "cus_a"}


@dataclass
class Journal:
    """Every place that a move reaches, in order; it is the queue and the manifests."""

    waiting: list[str]
    sent_at_ms: int = NOW_MS - 1
    claims: int = 0
    steps: list[str] = field(default_factory=list)
    bodies: dict[str, list[str]] = field(default_factory=dict)

    def claim(self, at_most: int) -> list[WaitingMessage]:
        self.claims += 1
        claimed, self.waiting = self.waiting[:at_most], self.waiting[at_most:]
        return [
            WaitingMessage(f"m{n}", f"h{n}", body, self.sent_at_ms, 1)
            for n, body in enumerate(claimed)
        ]

    def hold(self, receipt_handles: Iterable[str]) -> None:
        self._note("hold", receipt_handles)

    def delete(self, receipt_handles: Iterable[str]) -> int:
        self._note("delete", receipt_handles)
        return 0

    def put_sent(self, _: str, rows: Sequence[SentRow], *, dry_run: bool = False) -> None:
        kind = "would-send" if dry_run else "sent"
        self._note(kind, (row["key"] for row in rows))

    def put_held(self, _: str, rows: Sequence[HeldRow]) -> None:
        self._note("held", (f"{row['messageId']} {row['why']}" for row in rows))

    def put_moving(self, _: str, message_ids: Iterable[str]) -> None:
        self._note("moving", message_ids)

    def moving(self, _: int) -> int:
        return 0

    def held_ids(self, _: int) -> set[str]:
        return set()

    def queue(self, name: str) -> "Queue":
        return Queue(self, name)

    def _note(self, step: str, told: Iterable[str]) -> None:
        if said := " ".join(told):
            self.steps.append(f"{step}: {said}")


@dataclass
class Queue:
    """Its bodies go into the journal by the customers that they name."""

    journal: Journal
    name: str

    def send(self, bodies: Iterable[str]) -> int:
        sent = list(bodies)
        if sent:
            found = (" ".join(sorted({*re.findall(r"cus_\w|raw\d", one)})) for one in sent)
            self.journal.steps.append(f"{self.name}: {', '.join(found)}")
            self.journal.bodies[self.name] = sent
        return len(sent)


def moved(
    journal: Journal, order: dict[str, Any], is_time_left: Callable[[], bool] = lambda: True
) -> Moved:
    task = a_round(order)
    if order.get("source") == "counters":
        return Transfer(
            waiting=journal,
            settled=journal.queue("SettledUsageQueue"),
            manifests=journal,
            now_ms=lambda: NOW_MS,
        ).run(task, "000001-move", is_time_left)
    return UsageMove(
        waiting=journal,
        set_aside=journal.queue("UsageDeadLetterQueue"),
        usage=journal.queue("UsageQueue"),
        manifests=journal,
        now_ms=lambda: NOW_MS,
    ).run(task, "000001-move", is_time_left)


def key(number: int) -> str:
    return event(number)["idempotencyKey"]


@pytest.fixture
def usage() -> Journal:
    """One message of two customers, and one whose class nobody asked for."""
    mixed = message([event(1), event(2, customer="cus_b")], record("config"))
    poison = message([event(3)], record("poison"))
    return Journal([to_body(mixed), to_body(poison)])


@pytest.mark.parametrize("promised", [{}, {"maxMessages": 2}])
def test_usage_is_deleted_last(usage: Journal, promised: dict[str, Any]) -> None:
    """Written down, then what the filter leaves, then sent, and only then gone: a process that dies
    in between leaves every event on one of the two queues. What stays is hidden, after it stands in
    the manifest that gives it back.
    """
    found = moved(usage, {"filter": FILTER, **promised})
    assert usage.steps == [
        *(["moving: m0"] if promised else []),
        f"sent: {key(1)}",
        "UsageDeadLetterQueue: cus_b",
        "UsageQueue: cus_a",
        "delete: h0",
        "held: m1 not_chosen",
        "hold: h1",
    ]
    # What is left of the first one waits in its place, and is seen when it comes.
    assert (found.messages, found.events, found.seen, found.held) == (1, 1, 1, 1)


def test_a_dry_run_only_writes_down_what_it_would_send(usage: Journal) -> None:
    """Apart from what was sent, so that no report takes it for that."""
    found = moved(usage, {"filter": FILTER, "dryRun": True})
    assert usage.steps == [
        f"would-send: {key(1)}",
        "held: m1 not_chosen m0 dry_run",
        "hold: h1 h0",
    ]
    assert (found.messages, found.seen, found.held) == (1, 2, 2)


def test_what_failed_again_is_no_message_of_the_start() -> None:
    """This replay put it there: it stays, hidden, and the ones that waited are still to be seen."""
    own = message([event(1)], {**record("config"), "replayId": "r-1"})
    journal = Journal([to_body(own)])
    found = moved(journal, {})
    assert journal.steps == ["held: m0 own", "hold: h0"]
    assert (found.messages, found.seen, found.held) == (0, 0, 1)


@pytest.mark.parametrize("promised", [{}, {"maxMessages": 2}])
def test_settled_usage_is_deleted_last(promised: dict[str, Any]) -> None:
    """Byte for byte on SettledUsageQueue, then gone from the other."""
    journal = Journal(['{"raw1": 1}', "raw2, no JSON"])
    found = moved(journal, {"source": "counters", **promised})
    assert journal.steps == [
        *(["moving: m0 m1"] if promised else []),
        "SettledUsageQueue: raw1, raw2",
        "delete: h0 h1",
    ]
    assert journal.bodies["SettledUsageQueue"] == ['{"raw1": 1}', "raw2, no JSON"]
    assert (found.messages, found.seen, found.held) == (2, 2, 0)


@pytest.mark.parametrize(
    ("order", "sent_at_ms", "why", "counts"),
    [
        ({"dryRun": True}, NOW_MS - 1, "dry_run", (1, 1, 1)),
        # What came after the replay's start, somebody sent meanwhile: it, perhaps.
        ({}, NOW_MS, "own", (0, 0, 1)),
        ({}, NOW_MS + 60_000, "own", (0, 0, 1)),
        ({"filter": {"newerThan": "2099-01-01T00:00:00Z"}}, NOW_MS - 1, "not_chosen", (0, 1, 1)),
        ({"filter": {"olderThan": "2020-01-01T00:00:00Z"}}, NOW_MS - 1, "not_chosen", (0, 1, 1)),
    ],
)
def test_settled_usage_that_stays_is_hidden(
    order: dict[str, Any], sent_at_ms: int, why: str, counts: tuple[int, int, int]
) -> None:
    """Whatever the reason: nothing of it is sent or deleted."""
    journal = Journal(["raw1"], sent_at_ms)
    found = moved(journal, {"source": "counters", **order})
    assert journal.steps == [f"held: m0 {why}", "hold: h0"]
    assert (found.messages, found.seen, found.held) == counts


@pytest.mark.parametrize(("pace", "at_once"), [(1, 60), (0.5, 30), (None, 100)])
def test_a_paced_move_ends_when_a_minute_s_worth_is_sent(pace: float | None, at_once: int) -> None:
    """In claims of ten, so that it goes little beyond; without a pace all goes at once."""
    journal = Journal([to_body(message([event(n)], record("config"))) for n in range(100)])
    order = {} if pace is None else {"eventsPerSecond": pace}
    assert moved(journal, order).events == at_once
    claims = [step for step in journal.steps if step.startswith("delete:")]
    assert len(claims) == (1 if pace is None else at_once / 10)


@pytest.mark.parametrize("source", ["usage", "counters"])
def test_no_claim_is_begun_that_there_is_no_time_for(source: str) -> None:
    """Killed half way it would be safe, and seen twice."""
    journal = Journal([to_body(message([event(n)], record("config"))) for n in range(200)])
    found = moved(journal, {"source": source}, lambda: journal.claims < 1)
    assert (journal.claims, found.messages) == (1, 100)
    assert not found.is_queue_empty


@pytest.mark.parametrize("source", ["usage", "counters"])
def test_a_queue_that_gave_less_than_was_asked_for_is_not_asked_again(source: str) -> None:
    """It is empty, or what is left is in other hands: the round says so."""
    journal = Journal([to_body(message([event(n)], record("config"))) for n in range(20)])
    found = moved(journal, {"source": source})
    assert (journal.claims, found.messages, found.is_queue_empty) == (1, 20, True)


@pytest.mark.parametrize("over", [0, 1])
def test_what_sqs_would_refuse_stays_where_it_is(over: int) -> None:
    """A message that its history has grown beyond what SQS takes would fail its whole batch."""
    small = message([event(1)], record("config"))

    def grown(characters: int) -> UsageMessage:
        return {**small, "history": [{**record("config"), "reason": "x" * characters}]}

    room = BYTES_PER_CALL - len(to_body(_back(grown(0))))
    journal = Journal([to_body(grown(room + over))])
    assert moved(journal, {}).messages == 1 - over
    assert ("held: m0 too_large" in journal.steps) is bool(over)


def _back(given: UsageMessage) -> UsageMessage:
    """As it would be sent."""
    task = a_round({})
    one = WaitingMessage("m", "h", to_body(given), NOW_MS - 1, 1)
    taken = select(one, task.order, task.replay_id, NOW_MS)
    assert isinstance(taken, Take)
    return taken.back
