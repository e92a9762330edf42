"""What the authorizer asks of Redis and until when, and what it makes of the replies."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer import read_time
from functions.authorizer.bounded_cache import CAPACITY
from functions.authorizer.counter_read import (
    FAILURES,
    IDENTITY_FIELDS,
    CounterRead,
    KnownState,
    Unknown,
)
from functions.authorizer.identity import Identity
from functions.authorizer.read_time import FIRST_SECONDS
from functions.authorizer.redis_connection import Command
from functions.authorizer.redis_link import (
    ANSWER_SECONDS,
    BETWEEN_LONG_WAITS_SECONDS,
    LinkError,
    Reply,
)
from functions.usage.quota import read_values, state_fields
from tests.fakes.settable_clock import SettableClock

DEADLINE = 77.0
FIELDS = state_fields("calls")
NOTHING: list[str | None] = [None] * len(FIELDS)
NO_HEARTBEATS: list[str | None] = []
GENERATION: Command = ("GET", "aforo:{t}:generation")
STATE: Command = ("HMGET", "aforo:{t:cus}:state", *FIELDS)
WATERMARK: Command = ("HVALS", "aforo:{t}:watermark")
DIGEST_KEY = "aforo:{t}:identity:abc"


def caller(jti: str = "", key_id: str = "") -> Identity:
    return Identity(customer_id="cus", tenant_id="t", environment="live", jti=jti, key_id=key_id)


@dataclass
class ToldLink:
    """Answers as it is told, the last for ever."""

    replies: Sequence[Sequence[Reply] | LinkError]
    asked: list[tuple[Sequence[Command], float, int]] = field(default_factory=list)

    def exchange(
        self, commands: Sequence[Command], deadline: float, *, forgiven: int = 0
    ) -> list[Reply]:
        self.asked.append((commands, deadline, forgiven))
        found = self.replies[min(len(self.asked), len(self.replies)) - 1]
        if isinstance(found, LinkError):
            raise found
        return list(found)


@dataclass
class Monotonic:
    """time.monotonic, set by the test."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> Monotonic:
    """The clock of deadlines."""
    found = Monotonic()
    monkeypatch.setattr(read_time, "time", found)
    return found


def reader(
    *replies: Sequence[Reply] | LinkError, clock: SettableClock | None = None
) -> tuple[CounterRead, ToldLink]:
    link = ToldLink(replies)
    return CounterRead(link, tenant="t", meter="calls", clock=clock or SettableClock()), link


@pytest.mark.parametrize(
    ("jti", "key_id", "revocations"),
    [
        ("", "", []),
        ("j-1", "", ["jti:blocked:j-1"]),
        ("", "k-1", ["jti:client:k-1"]),
        ("j-1", "k-1", ["jti:blocked:j-1", "jti:client:k-1"]),
    ],
)
def test_a_state_is_asked_for_with_the_revocations_of_its_credential(
    jti: str, key_id: str, revocations: list[str]
) -> None:
    """What the credential does not name is not asked for; only the watermark may fail."""
    counters, link = reader([None])
    counters.state(caller(jti, key_id), DEADLINE)
    exist = [("EXISTS", key) for key in revocations]
    assert link.asked == [((GENERATION, STATE, *exist, WATERMARK), DEADLINE, 1)]


def customer(name: str) -> Identity:
    return Identity(customer_id=name, tenant_id="t", environment="live")


def test_a_customers_questions_are_made_once_while_there_is_room_for_them() -> None:
    """Each customer's are its own; of more customers than there is room for the oldest go."""
    counters, link = reader([None])
    for name in ("cus", "other", "cus", *map(str, range(CAPACITY)), "cus"):
        counters.state(customer(name), DEADLINE)
    first, other, again, *_, at_last = (commands for commands, *_ in link.asked)
    assert other[1][1] == "aforo:{t:other}:state"
    assert again is first
    assert at_last == first
    assert at_last is not first


@pytest.mark.parametrize(
    ("exist", "revoked_by"),
    [
        ([0, 0], ()),
        ([1, 0], ("jti:blocked:j-1",)),
        ([0, 1], ("jti:client:k-1",)),
        ([1, 1], ("jti:blocked:j-1", "jti:client:k-1")),
    ],
)
@pytest.mark.parametrize("has_fault", [True, False])
def test_a_state_says_which_revocations_there_are(
    exist: list[int], revoked_by: tuple[str, ...], *, has_fault: bool
) -> None:
    """And whether the watermark could be read, which decides nothing of it."""
    counters, _ = reader(["1", NOTHING, *exist, None if has_fault else NO_HEARTBEATS])
    found = counters.state(caller("j-1", "k-1"), DEADLINE)
    assert found == KnownState(read_values(NOTHING), revoked_by, has_fault)


def test_a_measured_lag_stands_in_the_state() -> None:
    """Of the oldest heartbeat, by the authorizer's clock."""
    clock = SettableClock()
    heartbeats: list[str | None] = [str(int((clock.now - ago) * 1000)) for ago in (3, 8)]
    counters, _ = reader(["1", NOTHING, heartbeats], clock=clock)
    found = counters.state(caller(), DEADLINE)
    assert found == KnownState(read_values(NOTHING, 8.0), ())


@pytest.mark.parametrize("values", [None, 7, "text", [], ["?"] * len(FIELDS)])
def test_values_that_are_no_state_are_unknown(values: Reply) -> None:
    """Too few of them, or nothing like them."""
    counters, _ = reader(["1", values, NO_HEARTBEATS])
    assert counters.state(caller(), DEADLINE) == Unknown("malformed_state")


@given(st.lists(st.none() | st.text(max_size=3), max_size=9))
def test_an_identity_has_the_fields_that_are_there(values: list[str | None]) -> None:
    """By their names, in the order in which they were asked for; none is made up."""
    counters, link = reader(["1", values])
    found = counters.identity("abc", DEADLINE)
    pairs = zip(IDENTITY_FIELDS, values, strict=False)
    assert found == {name: value for name, value in pairs if value is not None}
    assert link.asked == [((GENERATION, ("HMGET", DIGEST_KEY, *IDENTITY_FIELDS)), DEADLINE, 0)]


def test_the_fields_of_an_identity_are_those_that_reconciliation_writes() -> None:
    """Read by the very names."""
    assert (
        *("customer_id", "tenant_id", "key_id", "environment", "scopes", "revoked"),
        "usage_identifier",
    ) == IDENTITY_FIELDS


@pytest.mark.parametrize("reply", [None, 1, "text"])
def test_a_digest_of_nobody_is_no_identity(reply: Reply) -> None:
    """No field of it is known."""
    counters, _ = reader(["1", reply])
    assert counters.identity("abc", DEADLINE) == {}


@pytest.mark.parametrize(
    ("reply", "found"), [("{}", "{}"), ("", ""), (None, None), (1, None), (["{}"], None)]
)
def test_a_key_set_is_text_or_there_is_none(reply: Reply, found: str | None) -> None:
    """Whoever asks reads it: here it is one text."""
    counters, link = reader(["1", reply])
    assert counters.key_set(DEADLINE) == found
    assert link.asked == [((GENERATION, ("GET", "aforo:{t}:jwks")), DEADLINE, 0)]


@pytest.mark.parametrize(
    ("generations", "reasons"),
    [
        (["5"], [""]),
        ([None], ["no_generation"]),
        (["five"], ["malformed_generation"]),
        (["5", "5", "6", "5", "6"], ["", "", "", "generation_went_back", ""]),
        (["5", "4", "4"], ["", "generation_went_back", "generation_went_back"]),
        (["-1"], ["generation_went_back"]),
        (["0"], [""]),
    ],
)
def test_what_an_older_generation_says_is_unknown(
    generations: list[str | None], reasons: list[str]
) -> None:
    """A snapshot that was restored has forgotten usage: it is not believed until a rebuild."""
    for question in ("state", "identity", "key_set"):
        of_state: list[list[Reply]] = [[number, NOTHING, []] for number in generations]
        counters, _ = reader(*of_state)
        asks = {
            "state": lambda counters=counters: counters.state(caller(), DEADLINE),
            "identity": lambda counters=counters: counters.identity("abc", DEADLINE),
            "key_set": lambda counters=counters: counters.key_set(DEADLINE),
        }
        found = [asks[question]() for _ in generations]
        told = [one.reason if isinstance(one, Unknown) else "" for one in found]
        assert told == reasons


def test_three_failures_in_a_row_leave_redis_alone_for_a_second() -> None:
    """Each says why; then nobody asks, and an answer begins the count anew."""
    clock = SettableClock()
    failed, good = LinkError("timeout"), ["1", "{}"]
    counters, link = reader(failed, failed, good, *[failed] * FAILURES, good, clock=clock)
    assert [counters.key_set(DEADLINE) for _ in range(6)] == [
        *[Unknown("timeout")] * 2,
        "{}",
        *[Unknown("timeout")] * FAILURES,
    ]
    clock.advance(0.999)
    assert counters.key_set(DEADLINE) == Unknown("breaker_open")
    assert len(link.asked) == 6
    clock.advance(0.001)
    assert counters.key_set(DEADLINE) == "{}"


def test_the_pause_begins_when_the_answer_was_given_up() -> None:
    """Not when it was asked for: a wait may be as long as the pause."""
    clock = SettableClock()

    @dataclass
    class Slow(ToldLink):
        def exchange(
            self, commands: Sequence[Command], deadline: float, *, forgiven: int = 0
        ) -> list[Reply]:
            clock.advance(1.0)
            return super().exchange(commands, deadline, forgiven=forgiven)

    link = Slow([LinkError("timeout")])
    counters = CounterRead(link, tenant="t", meter="calls", clock=clock)
    for _ in range(FAILURES):
        counters.key_set(DEADLINE)
    clock.advance(0.5)
    assert counters.key_set(DEADLINE) == Unknown("breaker_open")


def test_a_new_process_may_read_for_longer_until_it_knows_a_state(monotonic: Monotonic) -> None:
    """An identity and a key set are not enough: what comes after them is new, too."""
    counters, _ = reader(["1", None], ["1", None], ["1", NOTHING, []])
    assert counters.begin() == monotonic.now + FIRST_SECONDS
    counters.identity("abc", DEADLINE)
    counters.key_set(DEADLINE)
    assert counters.begin() == monotonic.now + FIRST_SECONDS
    counters.state(caller(), DEADLINE)
    assert counters.begin() == monotonic.now + ANSWER_SECONDS


@pytest.mark.parametrize("replies", [["1", "{}"], LinkError("timeout")])
def test_a_long_read_in_vain_is_not_given_to_the_next_decision(
    monotonic: Monotonic, replies: list[Reply] | LinkError
) -> None:
    """Whatever came of it."""
    counters, _ = reader(replies)
    counters.begin()
    monotonic.now += FIRST_SECONDS
    counters.key_set(DEADLINE)
    assert counters.begin() == monotonic.now + ANSWER_SECONDS
    monotonic.now += BETWEEN_LONG_WAITS_SECONDS
    assert counters.begin() == monotonic.now + FIRST_SECONDS
