"""Deliveries that a replay asks for: the same work, an answer, and nothing in a dry run."""

import json
from hashlib import sha256
from typing import Any

import pytest
from pydantic import ValidationError

from functions.metering.execution.source import ExecutionLogSource
from functions.metering.metered_again import MeteredDelivery, UsageRow
from functions.replay.metering_call import Answer
from functions.usage.errors import Retryable
from tests.fakes.access_log_lines import REGION, access_line, subscription_payload
from tests.fakes.execution_log_lines import ACCOUNT, GROUP, STREAM, prefixed, request_texts
from tests.unit.metering.test_intake import MIXED, OWN_LOG_GROUP, Stop, counted

ASKED = {"id": "by-hand", "dryRun": False, "fromLog": False}
DRY = {**ASKED, "dryRun": True}
FROM_LOG = {**ASKED, "fromLog": True}


@pytest.fixture
def stop() -> Stop:
    return Stop()


def answer_of(stop: Stop, payload: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        json.dumps(stop.intake.take(payload, OWN_LOG_GROUP).answer())
    )
    return found


def test_an_ordinary_delivery_is_answered_with_its_counts(stop: Stop) -> None:
    """CloudWatch Logs ignores it; a person who asks by hand does not."""
    answer = answer_of(stop, subscription_payload(MIXED))
    assert (answer["billed"], answer["excluded"]) == (1, {"unauthorized": 1})
    assert answer["quarantined"] == {"no_customer": 1, "unknown_format": 1}
    assert answer["usage"] == ""
    probe = subscription_payload([], messageType="CONTROL_MESSAGE")
    assert answer_of(stop, probe)["excluded"] == {"control_message": 1}
    assert answer_of(stop, {})["quarantined"] == {"not_a_delivery": 1}


def test_a_replay_gets_the_same_work_and_the_whole_answer(
    stop: Stop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its id stands in the messages, so that the ledger files them under it."""
    first = Stop()
    first.take(subscription_payload(MIXED))
    capsys.readouterr()
    answer = answer_of(stop, {**subscription_payload(MIXED), "replay": ASKED})
    (event,) = stop.events()
    assert stop.events() == first.events()
    assert stop.keeper.objects == first.keeper.objects
    assert answer["kept"] == list(stop.keeper.objects)
    assert Answer.model_validate(answer).usage == [
        (event["idempotencyKey"], "cus_7Qm2", "api_calls", 1, event["occurredAt"])
    ]
    assert [json.loads(body)["replayId"] for body in stop.queue.bodies] == ["by-hand"]
    stop.telemetry.flush()
    # They were counted, and rang, when they came into the quarantine.
    assert not any(name == "RequestsQuarantined" for name, _ in counted(capsys))


def test_what_an_audit_misses_says_since_when_aforo_may_have_it(stop: Stop) -> None:
    """Since it was made; what never was sent says nothing of the kind."""
    stop.take({**subscription_payload(MIXED), "replay": FROM_LOG})
    stop.take({**subscription_payload(MIXED), "replay": {**FROM_LOG, "maybeBilled": True}})
    before, again = map(json.loads, stop.queue.bodies)
    assert "held" not in before
    (event,) = again["events"]
    assert again.pop("held") == {
        "firstSentAt": again["meteredAt"],
        "firstTriedAt": again["meteredAt"],
        "tries": 0,
        "maybeBilledSince": event["occurredAt"],
    }
    assert again == before


def test_a_dry_run_has_the_answer_and_no_effect(
    stop: Stop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even a count."""
    dry = answer_of(stop, {**subscription_payload(MIXED), "replay": DRY})
    assert answer_of(stop, {"awslogs": {"data": "?"}, "replay": DRY})["kept"]
    assert (stop.queue.bodies, stop.keeper.objects) == ([], {})
    stop.telemetry.flush()
    assert counted(capsys) == {}
    assert answer_of(stop, {**subscription_payload(MIXED), "replay": ASKED}) == dry


def test_a_whole_delivery_is_kept_under_the_name_that_it_had(stop: Stop) -> None:
    """What the replay wrote beside it is no part of it."""
    for payload in ({"awslogs": {"data": "?"}}, {"hello": "world"}):
        stop.take(payload)
        before = dict(stop.keeper.objects)
        answer = answer_of(stop, {**payload, "replay": ASKED})
        assert stop.keeper.objects == before
        assert answer["kept"] == [list(before)[-1]]


@pytest.mark.parametrize(
    "asked", ["by-hand", {}, {"id": "x"}, {**ASKED, "dryRun": "yes"}, {**ASKED, "dryrun": True}]
)
def test_who_does_not_ask_properly_is_refused(asked: object, stop: Stop) -> None:
    """MeteredDelivery as an ordinary delivery it might bill what was to be tried dry."""
    with pytest.raises(ValidationError):
        stop.take({**subscription_payload([access_line()]), "replay": asked})
    assert stop.queue.bodies == []


def test_what_a_log_group_holds_cannot_ask(stop: Stop) -> None:
    """CloudWatch Logs writes all of it inside `awslogs`."""
    stop.take(subscription_payload([access_line()], replay=DRY))
    assert len(stop.events()) == 1


def test_a_replay_fails_as_loudly_as_a_delivery(stop: Stop) -> None:
    """What another try may cure raises; nothing is said to have been done."""
    stop.queue.is_down = True
    with pytest.raises(Retryable):
        stop.take({**subscription_payload([access_line()]), "replay": ASKED})


def test_lines_from_the_log_are_not_kept_as_incomplete_again(stop: Stop) -> None:
    """They are in the quarantine, under the name of the delivery that was cut; the answer says
    where they stand.
    """
    stop.intake._source = ExecutionLogSource(REGION)
    half = prefixed(request_texts())[:9]
    payload = subscription_payload(half, owner=ACCOUNT, logGroup=GROUP, logStream=STREAM)
    answer = answer_of(stop, {**payload, "replay": FROM_LOG})
    assert (answer["quarantined"], answer["kept"]) == ({"incomplete": 1}, [])
    assert stop.keeper.objects == {}
    (place,) = map(json.loads, answer["incomplete"])
    assert (place["logGroup"], place["logStream"]) == (GROUP, STREAM)
    assert len(answer_of(stop, {**payload, "replay": ASKED})["kept"]) == 1


def test_an_incomplete_request_rings_no_bell(
    stop: Stop, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is read again by itself within minutes; one that never ends rings then."""
    stop.intake._source = ExecutionLogSource(REGION)
    half = prefixed(request_texts())[:9]
    stop.take(subscription_payload(half, owner=ACCOUNT, logGroup=GROUP, logStream=STREAM))
    stop.telemetry.flush()
    counts = counted(capsys)
    assert counts[("RequestsIncomplete", "")] == 1
    assert not [name for name, _ in counts if name == "RequestsQuarantined"]


def test_what_a_whole_request_lacks_rings_when_the_log_has_shown_it(
    stop: Stop, capsys: pytest.CaptureFixture[str]
) -> None:
    """It came into the quarantine as incomplete, which rings no bell."""
    stop.intake._source = ExecutionLogSource(REGION)
    whole = prefixed(request_texts(authorizer=[]))
    payload = subscription_payload(whole, owner=ACCOUNT, logGroup=GROUP, logStream=STREAM)
    assert answer_of(stop, {**payload, "replay": FROM_LOG})["quarantined"] == {"no_customer": 1}
    stop.telemetry.flush()
    counts = counted(capsys)
    assert counts[("RequestsQuarantined", "no_customer")] == 1
    assert ("RequestsIncomplete", "") not in counts
    half = subscription_payload(whole[:9], owner=ACCOUNT, logGroup=GROUP, logStream=STREAM)
    answer_of(stop, {**half, "replay": FROM_LOG})
    answer_of(stop, {**payload, "replay": {**FROM_LOG, "dryRun": True}})
    stop.telemetry.flush()
    assert not [name for name, _ in counted(capsys) if name.startswith("Requests")]


def test_lines_from_the_log_that_are_kept_whole_ring(
    stop: Stop, capsys: pytest.CaptureFixture[str]
) -> None:
    """They were not kept so before. What came out of `delivery` rang when it came there."""
    payload = {"awslogs": {"data": "?"}}
    assert answer_of(stop, {**payload, "replay": ASKED})["kept"]
    assert answer_of(stop, {**payload, "replay": {**FROM_LOG, "dryRun": True}})["kept"]
    stop.telemetry.flush()
    assert counted(capsys) == {}
    assert answer_of(stop, {**payload, "replay": FROM_LOG})["kept"]
    stop.telemetry.flush()
    assert counted(capsys)[("DeliveriesQuarantined", "bad_base64")] == 1


def test_an_answer_of_many_meters_fits_what_lambda_answers_with() -> None:
    """10,000 lines under six meters: refused by Lambda, its events would all be sent, and the
    object would stay in the quarantine for ever.
    """
    rows = tuple(row(number) for number in range(60_000))
    text = json.dumps(MeteredDelivery(usage=rows).answer())
    assert len(json.dumps(rows)) > 6_000_000 > 2 * len(text)
    assert tuple(Answer.model_validate_json(text).usage) == rows


def row(number: int) -> UsageRow:
    key = f"apigw1-{sha256(bytes(str(number), 'ascii')).hexdigest()[:40]}"
    return key, f"cus_{number % 50}", "api_calls", 1, f"2026-10-02T08:{number % 60:02}:00.000Z"


def test_a_dry_run_counts_no_delivery(stop: Stop, capsys: pytest.CaptureFixture[str]) -> None:
    """A control message that Lambda kept for us: it was excluded nowhere."""
    probe = subscription_payload([], messageType="CONTROL_MESSAGE")
    assert answer_of(stop, {**probe, "replay": DRY})["excluded"] == {"control_message": 1}
    stop.telemetry.flush()
    assert not counted(capsys)
