"""A message that could not be read is mended, and says of every event what it said before."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.operator.messages.mending import Mend
from functions.operator.messages.queue_message import QueueMessage
from functions.operator.messages.repairing import fault_of, repair, text_of
from functions.usage.errors import Permanent
from functions.usage.message import to_body
from tests.fakes.set_aside_messages import event, message, record

OFFSET = "2026-11-23T11:00:00.000+01:00"
EVENTS = [event(1), event(2, occurred_at=OFFSET)]
KEYS = [one["idempotencyKey"] for one in EVENTS]
BROKEN: dict[str, Any] = {**message(EVENTS), "history": [record("exhausted")]}
FAULT = "events.occurredAt: write it in UTC, with a Z"


def kept(text: str, **more: Any) -> QueueMessage:
    body = {"version": 1, "unreadable": text, "fault": FAULT, "setAside": record("poison"), **more}
    return QueueMessage("m-1", "r-1", to_body(body), sent_at_ms=1, receives=1)


BROKEN_MESSAGE = kept(to_body(BROKEN))


def mended(mend: Mend, message: QueueMessage = BROKEN_MESSAGE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(repair(message, mend).body)
    return found


def test_times_in_utc_are_the_same_instants() -> None:
    """The usual fault, and its cure; the record of the tries goes with it."""
    found = repair(BROKEN_MESSAGE, Mend(is_to_utc=True))
    body = json.loads(found.body)
    assert [one["occurredAt"] for one in body["events"]] == [EVENTS[0]["occurredAt"]] * 2
    assert body["history"] == [record("exhausted"), record("poison")]
    assert "setAside" not in body
    assert (found.fault, fault_of(found.body), found.events) == (FAULT, None, 2)
    assert found.changes == [
        f'events.1.occurredAt: "{OFFSET}" -> "{EVENTS[0]["occurredAt"]}"',
    ]


def test_an_event_that_cannot_be_mended_leaves_by_name() -> None:
    """By its key or its number; the others are sent."""
    for drop in (KEYS[1], "1"):
        assert [one["idempotencyKey"] for one in mended(Mend(drops=[drop]))["events"]] == KEYS[:1]


def test_one_field_or_that_of_every_event_is_set() -> None:
    """A value is JSON where it can be."""
    sets = ["events.*.metricName=Calls", "events.0.statusCode=200", "meteredAt=2026-11-23T10:00Z"]
    found = mended(Mend(sets=sets, is_to_utc=True))
    assert [one["metricName"] for one in found["events"]] == ["Calls", "Calls"]
    assert found["events"][0]["statusCode"] == 200
    assert found["meteredAt"] == "2026-11-23T10:00Z"


def test_a_corrected_text_takes_the_place_of_the_old_one() -> None:
    """Of a text that is no JSON the keys are still seen."""
    broken = kept(to_body(BROKEN)[:-1])
    whole = to_body(message([event(1), event(2)]))
    assert [one["idempotencyKey"] for one in mended(Mend(whole), broken)["events"]] == KEYS
    with pytest.raises(Permanent, match="is no key of this message"):
        mended(Mend(to_body(message([event(3)]))), broken)
    with pytest.raises(Permanent, match=f"--drop {KEYS[1]}: name each event that leaves"):
        mended(Mend(to_body(message([event(1)]))), broken)
    assert len(mended(Mend(to_body(message([event(1)])), drops=KEYS[1:]), broken)["events"]) == 1


def test_what_a_newer_version_wrote_is_sent_as_it_is() -> None:
    """Deployed again, that version reads it; its fields stay."""
    text = to_body({**message([event(1)]), "newer": {"field": 1}})
    found = repair(kept(text), Mend())
    assert json.loads(found.body)["newer"] == {"field": 1}
    assert found.changes == []


def test_a_body_that_sqs_moved_as_it_was_is_its_own_text() -> None:
    """Nobody wrote a record about it."""
    body = to_body(BROKEN)
    moved = QueueMessage("m-1", "r-1", body, sent_at_ms=1, receives=100)
    assert text_of(moved) == body
    assert json.loads(repair(moved, Mend(is_to_utc=True)).body)["history"] == [record("exhausted")]


@pytest.mark.parametrize(
    ("mend", "said"),
    [
        (Mend(), f"it cannot be read yet: {FAULT}"),
        (Mend(sets=["events.0.quantity=2"], is_to_utc=True), "quantity of .* stays 1"),
        (Mend(sets=["events.*.customerId=cus_b"], is_to_utc=True), "customerId of .* stays"),
        (Mend(sets=["events.0.occurredAt=2026-11-23T10:00:01.000Z"]), "the same instant"),
        (Mend(sets=["events.0.idempotencyKey=apigw1-x"]), "is no key of this message"),
        (Mend(sets=[f"events.0.idempotencyKey={KEYS[1]}"], is_to_utc=True), "stands twice"),
        (Mend(sets=["events.7.quantity=1"]), "there is no 7.quantity to set"),
        (Mend(sets=["events"]), "write it as events.0"),
        (Mend(drops=["apigw1-x"]), "--drop apigw1-x: no event has this key"),
        (Mend(drops=["9"]), "--drop 9: no event has this key, and none this number"),
        (Mend(drops=KEYS), "no event is left"),
        (Mend("{"), "--file: the line is not JSON"),
        (Mend("[]"), "--file: "),
        (Mend("{}"), "with its list of events"),
        (Mend('{"version": 1, "version": 2}'), "a name stands twice"),
        (Mend(sets=["history=1"], is_to_utc=True), "history: stays as it is"),
        (Mend(sets=["history=[]"], is_to_utc=True), "history: stays as it is"),
        (Mend(sets=["decided=true"], is_to_utc=True), "decided: a repair decides nothing"),
        (Mend(to_body({**BROKEN, "history": []}), is_to_utc=True), "history: stays as it is"),
    ],
)
def test_what_must_stay_stays(mend: Mend, said: str) -> None:
    """Who pays, how much, for which request and when; and what is still wrong is said."""
    with pytest.raises(Permanent, match=said):
        repair(BROKEN_MESSAGE, mend)


def test_a_field_that_could_not_be_read_may_be_given() -> None:
    """That is what a repair is for."""
    broken = {**event(1), "quantity": "1", "customerId": 7, "occurredAt": "yesterday"}
    sets = [
        "events.0.quantity=1",
        "events.0.customerId=cus_a",
        "events.0.occurredAt=2026-11-23T10:00:00.000Z",
    ]
    text = json.dumps({**message([]), "events": [broken]})
    assert mended(Mend(sets=sets), kept(text))["events"] == [event(1)]


def test_a_history_that_could_not_be_read_may_be_corrected() -> None:
    """It is what keeps the message from being read."""
    text = json.dumps({**message([event(1)]), "history": [{"tries": 1}]})
    found = mended(Mend(sets=["history=[]"]), kept(text))
    assert found["history"] == [record("poison")]
    with pytest.raises(Permanent, match="history: must be a list"):
        mended(Mend(sets=["history=1"]), kept(text))


FIELDS = st.sampled_from(["quantity", "customerId", "idempotencyKey", "occurredAt", "metricName"])
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [1, 1.0, 2, True, None, "cus_a", "cus_b", *KEYS, OFFSET, "Calls", []]
)
CHANGED = st.builds(
    lambda base, change: {**base, **change},
    st.sampled_from([*EVENTS, event(3)]),
    st.dictionaries(FIELDS, VALUES, max_size=1),
)


@example(events=[{**one, "metricName": "Calls"} for one in EVENTS], drops=[])
@example(events=EVENTS[:1], drops=KEYS[1:])
@given(events=st.lists(CHANGED, max_size=3), drops=st.lists(st.sampled_from(KEYS), max_size=1))
def test_what_is_sent_bills_nothing_that_was_not_there(
    events: list[dict[str, Any]], drops: list[str]
) -> None:
    """Whatever a person puts into the file: it is refused, or who pays what for which is as before;
    each event is sent once, or was named as one that leaves.
    """
    text = json.dumps({**BROKEN, "events": events})
    try:
        found = repair(BROKEN_MESSAGE, Mend(text, drops=drops, is_to_utc=True))
    except Permanent:
        return
    sent = json.loads(found.body)["events"]
    originals = {one["idempotencyKey"]: one for one in EVENTS}
    assert sorted(one["idempotencyKey"] for one in sent) == sorted(set(KEYS) - set(drops))
    for one in sent:
        before = originals[one["idempotencyKey"]]
        assert (one["customerId"], one["quantity"]) == (before["customerId"], before["quantity"])
        assert one["occurredAt"] == EVENTS[0]["occurredAt"]


def test_a_repair_of_all_that_was_there_is_not_refused() -> None:
    """The property above would hold of a repair that refuses everything."""
    text = json.dumps({**BROKEN, "events": [{**one, "metricName": "Calls"} for one in EVENTS]})
    assert repair(BROKEN_MESSAGE, Mend(text, is_to_utc=True)).events == len(EVENTS)
