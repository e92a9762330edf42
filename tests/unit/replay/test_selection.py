"""What becomes of each message that a replay receives."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.replay.order import Filter, Order
from functions.replay.selection import (
    DRY_RUN,
    NOT_CHOSEN,
    OWN,
    TOO_LARGE,
    UNREADABLE,
    Keep,
    Take,
    read_waiting,
    select,
)
from functions.usage.doubt import history_doubt_ms
from functions.usage.message import USAGE_MESSAGE, SetAsideRecord, to_body
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass
from tests.fakes.set_aside_messages import (
    METERED_AT,
    NOW_MS,
    decided_order,
    event,
    message,
    record,
    waiting_message,
)

REPLAY = "by-hand"
ALL = Order()


def filter_of(**fields: Any) -> Order:
    return Order(filter=Filter.model_validate(fields))


def test_a_set_aside_message_goes_back_with_its_record_as_history() -> None:
    """Events byte for byte the same; the reason of this time behind those of earlier times."""
    events = [event(1), event(2)]
    found = waiting_message(message(events, record("config"), [record("auth")]))
    assert select(found, ALL, REPLAY, NOW_MS) == Take(
        back={
            "version": 1,
            "meteredAt": METERED_AT,
            "events": events,
            "history": [record("auth"), record("config")],
            "replayId": REPLAY,
        },
        rest=None,
        set_aside_class="config",
    )


def test_a_redriven_message_gets_the_history_that_nobody_wrote() -> None:
    """SQS moves a message after too many receives and says nothing: class `exhausted`."""
    choice = select(waiting_message(message([event(1)]), receives=100), ALL, REPLAY, NOW_MS)
    assert isinstance(choice, Take)
    expected: SetAsideRecord = {
        "setAsideClass": "exhausted",
        "reason": "received_too_often",
        "status": None,
        "instance": None,
        "tries": 100,
        "firstTriedAt": "2026-11-23T11:59:59.000Z",
        "lastTriedAt": "2026-11-23T12:00:00.000Z",
    }
    assert choice.back.get("history") == [expected]


def test_the_doubt_of_a_redriven_message_is_not_forgotten() -> None:
    """Aforo may have had it since before it was sent: as of what an audit missed."""
    since = "2026-11-22T13:00:00.000Z"
    told = {"firstSentAt": METERED_AT, "firstTriedAt": METERED_AT, "tries": 0}
    body = {**message([event(1)]), "held": {**told, "maybeBilledSince": since}}
    choice = select(waiting_message(to_body(body), receives=100), ALL, REPLAY, NOW_MS)
    assert isinstance(choice, Take)
    assert history_doubt_ms(choice.back) == epoch_ms_from_iso(since)
    body = {**message([event(1)]), "held": told}
    choice = select(waiting_message(to_body(body), receives=100), ALL, REPLAY, NOW_MS)
    assert isinstance(choice, Take)
    assert history_doubt_ms(choice.back) == epoch_ms_from_iso("2026-11-23T11:59:59.000Z")


@pytest.mark.parametrize(
    ("since", "first"),
    [
        ("2026-11-23T13:00:00.000+02:00", "2026-11-23T13:00:00.000+02:00"),  # 11:00 UTC
        ("2026-11-23T11:00:00.000-02:00", "2026-11-23T11:59:59.000Z"),  # 13:00 UTC
    ],
)
def test_the_earlier_of_two_moments_is_not_that_of_the_lesser_text(since: str, first: str) -> None:
    """A doubt that somebody wrote with an offset is as old as it is."""
    told = {"firstSentAt": METERED_AT, "firstTriedAt": METERED_AT, "tries": 0}
    body = {**message([event(1)]), "held": {**told, "maybeBilledSince": since}}
    choice = select(waiting_message(to_body(body), receives=100), ALL, REPLAY, NOW_MS)
    assert isinstance(choice, Take)
    assert [one["firstTriedAt"] for one in choice.back.get("history", [])] == [first]


def test_a_message_without_events_stays_and_names_no_key() -> None:
    """Nobody sends one: there is nothing of it to choose."""
    found = select(waiting_message(message([], record("config"))), ALL, REPLAY, NOW_MS)
    assert found == Keep(NOT_CHOSEN, "config", 0, "unknown_metric", "")


@pytest.mark.parametrize("of_earlier", [True, False])
def test_only_this_replays_own_messages_are_left_alone(of_earlier: bool) -> None:  # noqa: FBT001
    """What an earlier replay put back and failed again is what the next one is for."""
    replay_id = "earlier" if of_earlier else REPLAY
    by_forwarder = waiting_message(message([event(1)], record("config", replay_id)))
    by_redrive = waiting_message({**message([event(1)]), "replayId": replay_id})
    for found in (by_forwarder, by_redrive):
        choice = select(found, ALL, REPLAY, NOW_MS)
        if of_earlier:
            assert isinstance(choice, Take)
            assert choice.back.get("replayId") == REPLAY
        else:
            assert isinstance(choice, Keep)
            assert (choice.why, choice.events) == (OWN, 1)


def test_poison_is_replayed_only_when_asked_for() -> None:
    """It would come back as it is, unless something was mended."""
    found = waiting_message(message([event(1)], record("poison")))
    assert select(found, ALL, REPLAY, NOW_MS) == Keep(
        NOT_CHOSEN, "poison", 1, "unknown_metric", event(1)["idempotencyKey"]
    )
    asked_for = filter_of(**{"class": [SetAsideClass.POISON]})
    assert isinstance(select(found, asked_for, REPLAY, NOW_MS), Take)


@pytest.mark.parametrize("is_decided", [True, False])
def test_a_persons_decision_goes_with_what_this_replay_sends(is_decided: bool) -> None:  # noqa: FBT001
    """And never from an earlier replay, which was about an earlier try."""
    found = waiting_message({**message([event(1)], record("ambiguous")), "decided": True})
    order = decided_order() if is_decided else ALL
    choice = select(found, order, REPLAY, NOW_MS)
    assert isinstance(choice, Take)
    assert choice.back.get("decided", False) is is_decided


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "{}",
        "[]",
        '{"version": 2, "meteredAt": "", "events": []}',
        to_body(message([{**event(1), "occurredAt": "yesterday"}])),
        to_body(message([event(1, occurred_at="2026-11-23T10:00:00.000+01:00")])),
        to_body(message([event(1, occurred_at="20261123T100000Z")])),
        to_body(message([{**event(1), "metadata": {}}])),
        to_body(message([event(1)], {**record("exhausted"), "firstTriedAt": "soon"})),
        to_body(message([event(1)], history=[{**record(), "maybeBilledSince": "never"}])),
    ],
)
def test_what_cannot_be_read_stays(body: str) -> None:
    """Also an event that the ledger could not file, for want of a UTC hour or a meter, and a record
    of tries at no time: raised later, they would end the round of all others.
    """
    assert select(waiting_message(body), ALL, REPLAY, NOW_MS) == Keep(UNREADABLE)


def test_a_decision_about_a_try_at_no_time_stays() -> None:
    """As what cannot be read: what the person knew of is not told."""
    found = waiting_message(
        message([event(1)], {**record(), "lastTriedAt": "soon", "maybeBilledSince": None})
    )
    order = decided_order()
    assert select(found, order, REPLAY, NOW_MS) == Keep(UNREADABLE)
    assert isinstance(select(found, ALL, REPLAY, NOW_MS), Take)


def test_a_customers_events_are_taken_out_of_a_shared_message() -> None:
    """The others stay set aside, with the same reason and history."""
    mine, theirs = event(1, customer="cus_a"), event(2, customer="cus_b")
    body = message([mine, theirs], record("config"), [record("auth")])
    choice = select(waiting_message(body), filter_of(customerId="cus_a"), REPLAY, NOW_MS)
    assert isinstance(choice, Take)
    assert choice.back["events"] == [mine]
    assert choice.rest == message([theirs], record("config"), [record("auth")])


@pytest.mark.parametrize(
    ("fields", "hours"),
    [
        ({"olderThan": "2026-11-23T10:00:00Z"}, ["09"]),
        ({"newerThan": "2026-11-23T10:00:00Z"}, ["11"]),
        ({"olderThan": "2026-11-23T10:30:00Z", "newerThan": "2026-11-23T09:30:00Z"}, ["10"]),
        ({"olderThan": "2026-11-23T12:30:00+02:00"}, ["09", "10"]),
    ],
)
def test_ages_are_of_the_request(fields: dict[str, str], hours: list[str]) -> None:
    """Both ends are open, and offsets are understood."""
    events = [event(n, occurred_at=f"2026-11-23T{n:02}:00:00.000Z") for n in (9, 10, 11)]
    choice = select(waiting_message(message(events, record())), filter_of(**fields), REPLAY, NOW_MS)
    assert isinstance(choice, Take)
    assert [one["occurredAt"][11:13] for one in choice.back["events"]] == hours


def test_why_a_message_stays_is_said_in_the_words_of_the_report() -> None:
    """Manifests of older releases are read by them; what cannot be read has nothing else to say."""
    said = (OWN, UNREADABLE, NOT_CHOSEN, TOO_LARGE, DRY_RUN)
    assert said == ("own", "unreadable", "not_chosen", "too_large", "dry_run")
    assert Keep(UNREADABLE) == Keep("unreadable", "", 0, "", "")


def test_a_message_of_sqs_is_read() -> None:
    """With the two attributes that the claim asks for."""
    found = read_waiting(
        {
            "MessageId": "m-1",
            "ReceiptHandle": "r-1",
            "Body": "{}",
            "Attributes": {
                "SentTimestamp": str(NOW_MS - 1_000),
                "ApproximateReceiveCount": "1",
            },
        }
    )
    assert found == waiting_message("{}")


@settings(deadline=None)  # two loaded cores
@given(
    events=st.lists(
        st.tuples(st.sampled_from(["cus_a", "cus_b"]), st.integers(0, 23)), min_size=1, max_size=8
    ),
    kind=st.sampled_from([None, *SetAsideClass]),
    customer=st.sampled_from([None, "cus_a", "cus_c"]),
    older_than=st.none() | st.datetimes(datetime(2026, 11, 23), datetime(2026, 11, 24)),  # noqa: DTZ001 - a Z is added
)
def test_every_event_is_kept_or_moved_and_never_both(
    events: list[tuple[str, int]],
    kind: str | None,
    customer: str | None,
    older_than: datetime | None,
) -> None:
    """Whatever the filter: back and rest are a partition, and both can be read again."""
    found = message(
        [
            event(number, customer=owner, occurred_at=f"2026-11-23T{hour:02}:00:00.000Z")
            for number, (owner, hour) in enumerate(events)
        ],
        record(kind) if kind else None,
    )
    fields = {
        "customerId": customer,
        "olderThan": f"{older_than.isoformat()}Z" if older_than else None,
    }
    wanted = filter_of(**{name: value for name, value in fields.items() if value})
    choice = select(waiting_message(found), wanted, REPLAY, NOW_MS)
    if isinstance(choice, Take):
        rest = choice.rest["events"] if choice.rest else []
        assert choice.back["events"]
        assert sorted(map(str, [*choice.back["events"], *rest])) == sorted(
            map(str, found["events"])
        )
        for part in (choice.back, choice.rest):
            if part:
                assert USAGE_MESSAGE.validate_json(to_body(part)) == part
    else:
        assert choice.events == len(events)
