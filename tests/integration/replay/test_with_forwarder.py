"""The state machine, its functions, metering and the forwarder for real; Aforo's stand-in keeps the
book.
"""

import json
import time
from collections.abc import Iterator

import boto3
import pytest

from functions.usage.event import UsageEvent
from functions.usage.message import SetAsideRecord
from functions.usage.outcome import SetAsideClass
from tests.fakes.access_log_lines import distinct_line, subscription_payload
from tests.fakes.set_aside_messages import an_hour_ago, event, message, record
from tests.integration.replay.deployed import FINISHED_SECONDS, Deployed, deployed_replay
from tests.local.aforo.console import Console
from tests.local.aforo.standin import AforoStandIn
from tests.local.waiting import until
from tests.statemachine.quick_ministack import quick_ministack

WAIT_SCALE = 0.05
MESSAGES, EVENTS = 100, 10
POISON = 3  # messages, among the others


@pytest.fixture(scope="module")
def walk(
    shared_aforo: AforoStandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("doom")
    with (
        quick_ministack(tmp_path_factory.mktemp("ministack"), WAIT_SCALE) as emulator,
        deployed_replay(emulator, shared_aforo.url, folder, has_forwarder=True) as found,
    ):
        yield found


def recent(number: int) -> UsageEvent:
    return event(number, occurred_at=an_hour_ago())


def record_of(number: int) -> SetAsideRecord | None:
    """Each class by turns, and what SQS itself moved."""
    kinds = [one for one in SetAsideClass if one is not SetAsideClass.POISON]
    kind = [*kinds, None][number % (len(kinds) + 1)]
    return record(kind, tried_at=an_hour_ago()) if kind else None


def test_a_thousand_events_of_every_class(walk: Deployed, console: Console) -> None:
    """Dry first, which says the same and touches nothing; then three times: after the first,
    Aforo's book is what it was. The poison among them stays, and is named.
    """
    for number in range(MESSAGES):
        events = [recent(number * EVENTS + n) for n in range(EVENTS)]
        walk.aws.set_aside(message(events, record_of(number)))
    walk.aws.set_aside(*(message([recent(5_000 + n)], record("poison")) for n in range(POISON)))
    before = console.ledger()["accepted"]
    dry = walk.run("dry", {"dryRun": True})["report"]
    assert console.ledger()["accepted"] == before

    first = walk.run("first", {})["report"]
    assert first["events"] == dry["events"]
    assert first["bill"] == dry["bill"]
    assert first["events"]["replayed"] == first["events"]["sent"] == MESSAGES * EVENTS
    assert first["messages"]["left"] == [
        {
            "why": "not_chosen",
            "class": "poison",
            "reason": "unknown_metric",
            "messages": POISON,
            "events": POISON,
        }
    ]
    after = console.ledger()
    assert after["accepted"] == before + MESSAGES * EVENTS
    for name in ("second", "third"):
        assert walk.run(name, {})["report"]["events"]["sent"] == 0
    assert console.ledger() == after
    assert len(walk.aws.left()) == POISON


def waits(walk: Deployed, arn: str) -> int:
    return walk.path(arn).count("Wait for the next round")


def test_aforo_goes_away_in_the_middle(walk: Deployed, console: Console) -> None:
    """What is on its way waits with the forwarder, what is not waits here; then it goes on."""
    numbers = range(10_000, 10_040)
    walk.aws.set_aside(*(message([recent(n)], record("exhausted")) for n in numbers))
    before = console.ledger()["accepted"]
    away = {"kind": "status", "status": 503, "retry_after": "1"}
    # One post goes through, and whoever looks late, no other.
    console.order_faults(
        {"kind": "slow", "seconds": 0.01, "count": 1}, {**away, "routes": "ingest"}
    )
    try:
        # Thirty are a round at this pace.
        arn = walk.start("outage", {"eventsPerSecond": 0.5})
        until(lambda: console.ledger()["accepted"] > before, FINISHED_SECONDS)
        console.order_faults(away)
        waited = waits(walk, arn)
        # For Aforo, or for what the forwarder holds of the first round: which, is a matter of luck.
        until(lambda: waits(walk, arn) >= waited + 3, FINISHED_SECONDS)
    finally:
        console.clear_faults()
    ended = walk.ended(arn)
    assert ended["status"] == "SUCCEEDED"
    report = json.loads(ended["output"])["report"]
    assert (report["events"]["replayed"], report["trouble"]) == (len(numbers), None)
    assert console.ledger()["accepted"] == before + len(numbers)


def test_the_quarantine_goes_the_same_road(walk: Deployed, console: Console) -> None:
    """Metered again by the deployed function, posted, and reported as billed by this replay."""
    now_ms = time.time_ns() // 10**6
    lines = [
        distinct_line(n, customerId="-", apiKeyId=f"key_{n}", requestTimeEpoch=str(now_ms))
        for n in (1, 2)
    ]
    arn = walk.values["ReplayReportFunctionArn"].replace("-report", "-metering")
    payload = subscription_payload(lines)
    boto3.client("lambda").invoke(FunctionName=arn, Payload=json.dumps(payload).encode())
    before = console.ledger()["accepted"]
    nothing = walk.run("too-early", {"source": "quarantine"})["report"]
    assert nothing["messages"]["left"] == [
        {"why": "quarantined_again", "class": "no_customer", "messages": 1, "events": 2}
    ]
    version = {
        "effectiveFrom": "2020-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "customers": {"key_1": "cus_a", "key_2": "cus_b"},
    }
    walk.aws.s3.put_object(
        Bucket=walk.quarantine,
        Key="configuration/metering.json",
        Body=json.dumps({"versions": [version]}).encode(),
    )
    # A deployed metering keeps its configuration for a minute: a new process has none to keep.
    client = boto3.client("lambda")
    found = client.get_function_configuration(FunctionName=arn)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=arn, Environment={"Variables": {**found, "FRESH": "1"}}
    )
    report = walk.run("cured", {"source": "quarantine"})["report"]
    assert report["requests"] == {"billed": 2, "excluded": {}, "quarantined": {}}
    assert report["events"]["replayed"] == report["events"]["sent"] == 2
    assert [line["customerId"] for line in report["bill"]] == ["cus_a", "cus_b"]
    assert console.ledger()["accepted"] == before + 2
    assert walk.run("again", {"source": "quarantine"})["outcome"] == "nothing_to_replay"
