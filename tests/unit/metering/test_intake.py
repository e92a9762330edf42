"""The hand-overs of one delivery: what is durable when, and what a failure leaves."""

import json
from typing import Any

import pytest

from functions.adapters.telemetry import Telemetry
from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.configuration.version import Configuration
from functions.metering.intake import Intake
from functions.usage.errors import Retryable
from functions.usage.message import MESSAGE_BYTES, USAGE_MESSAGE, to_body
from tests.fakes.access_log_lines import (
    LOG_GROUP,
    REGION,
    REQUEST_TIME_MS,
    access_line,
    distinct_line,
    packed_payload,
    subscription_payload,
)
from tests.fakes.metering import FakeKeeper, FakeQueue, FixedTerms
from tests.local.metric_series import read_series

OWN_LOG_GROUP = "/aws/lambda/metering"
MIXED = [access_line(), access_line(status="401"), access_line(customerId="-"), "{}"]


class Stop:
    """Metering with stand-ins for its neighbours."""

    def __init__(self, configuration: Configuration | None = None) -> None:
        self.journal: list[str] = []
        self.queue = FakeQueue(self.journal)
        self.keeper = FakeKeeper(self.journal)
        self.telemetry = Telemetry("metering")
        self.intake = Intake(
            source=AccessLogSource(REGION),
            terms=FixedTerms(configuration or default_configuration()),
            keeper=self.keeper,
            queue=self.queue,
            telemetry=self.telemetry,
            now_ms=lambda: REQUEST_TIME_MS + 20_000,
        )

    def take(self, payload: object) -> None:
        self.intake.take(payload, OWN_LOG_GROUP)

    def events(self) -> list[dict[str, Any]]:
        return [event for body in self.queue.bodies for event in json.loads(body).get("events", ())]


@pytest.fixture
def stop() -> Stop:
    return Stop()


def logged(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = caplog.records
    return vars(record)


def counted(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], float]:
    """What the metric lines say, by metric and reason."""
    return counted_in(capsys.readouterr().out.splitlines())


def counted_in(lines: list[str]) -> dict[tuple[str, str], float]:
    series = read_series(lines)
    return {
        (one.metric, dict(one.dimensions).get("reason", "")): points[0].value
        for one, points in series.items()
    }


def test_each_request_goes_where_it_belongs(stop: Stop, capsys: pytest.CaptureFixture[str]) -> None:
    """Events to the queue, doubts to the quarantine, and what became of them to one log line."""
    stop.take(subscription_payload(MIXED))
    stop.telemetry.flush()
    assert [event["customerId"] for event in stop.events()] == ["cus_7Qm2"]
    assert {key.split("/")[1] for key in stop.keeper.objects} == {"no_customer", "unknown_format"}
    lines = capsys.readouterr().out.splitlines()
    (log,) = [one for line in lines if (one := json.loads(line)).get("message")]
    assert log["message"] == "usage.metered"
    assert (log["requests_billed"], log["excluded"]) == (1, {"unauthorized": 1})
    assert log["quarantined"] == {"no_customer": 1, "unknown_format": 1}
    assert counted_in(lines) == {
        ("RequestsBilled", ""): 1,
        ("EventsMetered", ""): 1,
        ("RequestsExcluded", ""): 1,
        ("RequestsExcluded", "unauthorized"): 1,
        ("RequestsQuarantined", ""): 2,
        ("RequestsQuarantined", "no_customer"): 1,
        ("RequestsQuarantined", "unknown_format"): 1,
        ("LinesRead", ""): 4,
        ("LinesUnfit", ""): 1,
        ("UnfitShare", ""): 100,
    }


@pytest.mark.parametrize(
    ("lines", "share"),
    [
        ([access_line()], [0]),
        ([access_line(v="2")], [100]),
        ([access_line(v="2"), access_line(status="-"), "x", access_line()], [100, 100, 100, 0]),
        ([access_line(customerId="-"), access_line(status="401"), access_line()], [0, 0, 0]),
        ([access_line().replace('{"v"', '{"v":"1","v"')], [0]),
    ],
)
def test_the_share_of_lines_that_do_not_fit_is_a_metric(
    stop: Stop, capsys: pytest.CaptureFixture[str], lines: list[str], share: list[int]
) -> None:
    """What is no line of the declared source; not one that nobody pays for, nor a forged one."""
    stop.take(subscription_payload(lines))
    stop.telemetry.flush()
    written = map(json.loads, capsys.readouterr().out.splitlines())
    (found,) = (line["UnfitShare"] for line in written if "UnfitShare" in line)
    assert found == share


def test_a_figure_that_cannot_be_is_told_in_the_report(
    stop: Stop, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many were left out; no alarm watches it, so it is no metric that costs each month."""
    stop.take(subscription_payload([access_line(integrationLatency="many"), access_line()]))
    stop.telemetry.flush()
    (log,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (log["requests_billed"], log["figures_dropped"]) == (2, 1)


def test_nothing_of_a_payload_is_logged(
    stop: Stop, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """No identity, no line, no key: logs are read by more people than bills."""
    stop.take(subscription_payload([*MIXED, '{"secret-line":1}']))
    stop.take({"awslogs": {"data": "secret-line"}})
    stop.telemetry.flush()
    text = capsys.readouterr().out + str([vars(record) for record in caplog.records])
    assert not any(word in text for word in ("cus_7Qm2", "secret-line", "apigw1-", "AyD6"))


def test_usage_messages_are_of_the_shape_that_the_forwarder_reads(stop: Stop) -> None:
    """Thousands of events become bodies of about 64 KB, none lost, none twice, in their order."""
    stop.take(subscription_payload([distinct_line(number) for number in range(300)]))
    messages = [USAGE_MESSAGE.validate_json(body) for body in stop.queue.bodies]
    assert len(messages) > 2
    assert all(len(body) <= MESSAGE_BYTES + 100 for body in stop.queue.bodies)
    assert [to_body(json.loads(body)) for body in stop.queue.bodies] == stop.queue.bodies
    ids = [event["metadata"]["extendedRequestId"] for event in stop.events()]
    assert ids == [f"id{number:012}=" for number in range(300)]


def test_the_quarantine_is_written_before_events_are_sent(stop: Stop) -> None:
    """So that a failing quarantine costs no second message."""
    stop.take(subscription_payload(MIXED))
    assert stop.journal == ["quarantine", "queue"]


def test_what_was_quarantined_can_be_metered_again_after_a_fix() -> None:
    """Its object holds a delivery: with the key in the customer map, it is billed under its own
    key and to the right customer.
    """
    before = Stop()
    before.take(subscription_payload([access_line(customerId="-", apiKeyId="v7y79n2re7")]))
    (kept,) = (json.loads(body) for body in before.keeper.objects.values())
    version = default_configuration().versions[0]
    known = version.model_copy(update={"customers": {"v7y79n2re7": "cus_1"}})
    after = Stop(Configuration(versions=(known,)))
    after.take(packed_payload(json.dumps({"messageType": "DATA_MESSAGE", **kept}).encode()))
    (event,) = after.events()
    assert event["customerId"] == "cus_1"
    (same_line_billed_at_once,) = _events_of(access_line())
    assert event["idempotencyKey"] == same_line_billed_at_once["idempotencyKey"]


def _events_of(line: str) -> list[dict[str, Any]]:
    stop = Stop()
    stop.take(subscription_payload([line]))
    return stop.events()


@pytest.mark.parametrize("broken", ["keeper", "queue"])
def test_a_failure_raises_and_the_next_try_completes_it(stop: Stop, broken: str) -> None:
    """Whatever was done already is done again, under the same names."""
    neighbour = getattr(stop, broken)
    neighbour.is_down = True
    with pytest.raises(Retryable):
        stop.take(subscription_payload(MIXED))
    neighbour.is_down = False
    stop.take(subscription_payload(MIXED))
    assert len(stop.keeper.objects) == 2
    assert len({event["idempotencyKey"] for event in stop.events()}) == 1


def test_a_delivery_that_cannot_be_read_is_kept_and_acknowledged(
    stop: Stop, caplog: pytest.LogCaptureFixture
) -> None:
    """Another try would not read it better."""
    stop.take({"awslogs": {"data": "%%%"}})
    assert [key.split("/")[1] for key in stop.keeper.objects] == ["delivery"]
    log = logged(caplog)
    assert (log["message"], log["reason"]) == ("delivery.quarantined", "bad_base64")


def test_a_delivery_that_cannot_be_kept_comes_again(stop: Stop) -> None:
    """It is not acknowledged before it is durable."""
    stop.keeper.is_down = True
    with pytest.raises(Retryable):
        stop.take({"awslogs": {"data": "%%%"}})


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (subscription_payload([], messageType="CONTROL_MESSAGE"), "control_message"),
        (subscription_payload([access_line()], logGroup=OWN_LOG_GROUP), "own_log"),
    ],
)
def test_what_is_no_traffic_is_counted_and_dropped(
    stop: Stop, capsys: pytest.CaptureFixture[str], payload: object, reason: str
) -> None:
    """A probe, and our own log, which would feed itself."""
    stop.take(payload)
    stop.telemetry.flush()
    assert counted(capsys) == {("DeliveriesExcluded", ""): 1, ("DeliveriesExcluded", reason): 1}
    assert not stop.queue.bodies
    assert not stop.keeper.objects


def test_a_delivery_without_requests_sends_nothing(stop: Stop) -> None:
    """And is acknowledged."""
    stop.take(subscription_payload([], logGroup=LOG_GROUP))
    assert stop.journal == []


@pytest.mark.parametrize("group", [LOG_GROUP, "/other"])
def test_lines_are_counted_for_their_source(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name; those of groups that nobody declared under one name, and the log says which."""
    stop = Stop(ConfigurationReader(read_deployed(f"orders=access:{LOG_GROUP}")).default)
    stop.take(subscription_payload(MIXED, logGroup=group))
    stop.telemetry.flush()
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {
        (name, line["Source"]): sum(line[name]) if isinstance(line[name], list) else line[name]
        for line in written
        for name in ("LinesRead", "LinesUnfit")
        if name in line
    }
    name = "orders" if group == LOG_GROUP else "undeclared"
    assert found == {("LinesRead", name): 4, ("LinesUnfit", name): 1}
    groups = [line["undeclared_log_group"] for line in written if "undeclared_log_group" in line]
    assert groups == ([] if group == LOG_GROUP else ["/other"])
