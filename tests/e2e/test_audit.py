"""The audit proves itself on the deployed template: what is lost on any of its ways is found and
billed once, and the equation of its windows closes.

Five seconds stand for five minutes: a window is one, it is looked at two windows after its end, and
a count each five minutes on AWS is one after the other here. So "within 15 minutes" is: by the
first count that begins when the window is due.
"""

import logging
import random
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from functions.adapters.ledger import hour_prefix
from functions.audit.counting.repair_start import execution_name
from functions.audit.equation import Equation
from functions.operator.command_line import main
from functions.usage.metric import Metric
from functions.usage.moment import DAY_MS, HOUR_MS, iso_from_epoch_ms
from tests.e2e.audited_source import (
    WINDOW_MS,
    AuditedSource,
    Range,
    declare,
    declared,
    now_ms,
    past,
    window_of,
)
from tests.e2e.looking import answered, replay_of, until
from tests.local.aforo.console import Console
from tests.local.alarm_state import state_at
from tests.local.demo.accounting import billed_events
from tests.local.demo.depth import unwritten, waiting
from tests.local.demo.outage import bring_aforo_back, take_aforo_down
from tests.local.demo.stage import Stage
from tests.local.drill.ringing import described
from tests.local.endpoints import Endpoints
from tests.statemachine.execution import path_of

pytestmark = pytest.mark.timeout(300)  # the first one starts the cloud
CLOSED_SECONDS = 120.0
LOG = logging.getLogger(__name__)  # pytest --log-cli-level=INFO shows the figures


@pytest.fixture
def source(endpoints: Endpoints) -> Iterator[AuditedSource]:
    """Of the test's own."""
    with declared(endpoints) as found:
        yield found


def detected_after(source: AuditedSource, of: Range, lost_ms: int) -> float:
    """How many windows after it was lost, or its window's end if that was later, something is found
    to be missing; which the first count does that can.
    """
    (first, *_) = [window for window, one in source.records(of).items() if one.repairs]
    due_ms = max(Range(first.from_ms, first.to_ms).due_ms, lost_ms)
    missing = [*source.figures(Metric.REQUESTS_UNACCOUNTED), *source.figures(Metric.REQUESTS_HELD)]
    seen_ms = min(point.at_ms for point in missing if point.at_ms >= due_ms)
    assert [began for began, ended in source.counts if began > due_ms and ended < seen_ms] == []
    return (seen_ms - max(first.to_ms, lost_ms)) / WINDOW_MS


def repaired(source: AuditedSource) -> int:
    """How many requests the executions that the count started have metered again."""
    repairs = source.repairs()
    assert {one.status for one in repairs} == {"SUCCEEDED"}
    return sum(one.output["report"]["requests"]["meteredAgain"] for one in repairs)


def test_a_filter_that_was_deleted_under_traffic_loses_nothing(
    endpoints: Endpoints,
) -> None:
    """Nothing of two windows arrives until somebody puts it back; the count says how much is
    missing, which rings an alarm, and starts the repair by itself.
    """
    source = AuditedSource(endpoints, "demo-access", endpoints.access_log_group)
    source.count()
    logs, since_ms = source.logs, now_ms()
    before = logs.describe_subscription_filters(logGroupName=source.log_group)
    (kept,) = before["subscriptionFilters"]
    logs.delete_subscription_filter(logGroupName=source.log_group, filterName=kept["filterName"])
    while now_ms() < since_ms + 2 * WINDOW_MS:
        call(source)
    until(lambda: unwritten(endpoints) == 0)
    lost = len(source.served)
    logs.put_subscription_filter(
        logGroupName=source.log_group,
        filterName=kept["filterName"],
        filterPattern=kept["filterPattern"],
        destinationArn=kept["destinationArn"],
    )
    for _ in range(3):
        call(source)
    until(lambda: unwritten(endpoints) == 0)
    of = Range(window_of(since_ms), window_of(now_ms()) + WINDOW_MS)
    equation = until(lambda: source.counted_until_closed(of), CLOSED_SECONDS)
    LOG.info("%d lost, found after %.1f windows", lost, detected_after(source, of, since_ms))
    assert equation.confirmed >= len(source.served)
    assert (equation.unaccounted, equation.held) == (0, 0)
    assert sum(one.value for one in source.figures(Metric.REQUESTS_UNACCOUNTED)) >= lost
    alarm = described(endpoints, "UnaccountedRequestsAlarm")
    assert state_at(alarm, source.series(), now_ms()) == "ALARM"
    assert repaired(source) >= lost
    source.is_billed_once()


def call(source: AuditedSource) -> None:
    """One call of a client of the demo's API, served."""
    customer = source.endpoints.customers[0]
    url = f"{source.endpoints.api_url}/pets"
    answer = answered(lambda: httpx.get(url, headers=customer.headers, timeout=40, trust_env=False))
    assert answer.status_code == 200, answer.text
    source.served[answer.headers["x-amz-apigw-id"]] = customer.customer_id


def test_one_delivery_of_a_hundred_dropped_is_found(
    source: AuditedSource,
) -> None:
    """The emulator delivers every line or none. So the test is CloudWatch's delivery: after each
    put it invokes metering with what CloudWatch would send, and forgets 1 % of them.
    """
    chance, of = random.Random(1913), source.past_since_declared(3)
    deliveries = [
        source.serve(sorted(chance.choices(range(*of), k=chance.randint(1, 10))))
        for _ in range(300)
    ]
    dropped = {at for at in range(len(deliveries)) if chance.random() < 0.01}
    lost = sum(len(deliveries[at]) for at in dropped)
    assert lost

    def deliver(at: int) -> None:
        stream = f"stream-{at % 4}"
        source.put(deliveries[at], stream)
        if at not in dropped:
            source.deliver(deliveries[at], stream)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(deliver, range(len(deliveries))))
    until(lambda: len(source.bill()) == len(source.served) - lost)
    until(lambda: waiting(source.endpoints, "usage") == 0)
    source.be_known_before(of)
    lost_ms = now_ms()
    equation = until(lambda: source.counted_until_closed(of), CLOSED_SECONDS)
    LOG.info("%d lost, found after %.1f windows", lost, detected_after(source, of, lost_ms))
    assert equation == Equation(confirmed=len(source.served))
    assert repaired(source) == lost
    source.is_billed_once()


def test_after_a_repair_that_failed_comes_the_next(source: AuditedSource) -> None:
    """By the count's own right to ask how the last one ended."""
    of = source.past_since_declared(1)
    (window,) = source.windows(of)
    failed = source.sfn.start_execution(
        stateMachineArn=source.endpoints.state_machines["audit"],
        name=execution_name(window, 0),
        input='{"source": "nobody"}',
    )
    assert source.ended(failed["executionArn"]).status == "FAILED"
    source.put(source.serve(of.moments(4)))
    source.be_known_before(of)
    assert until(lambda: source.counted_until_closed(of), CLOSED_SECONDS) == Equation(confirmed=4)
    second, first = sorted(source.repairs(), key=lambda one: one.status == "FAILED")
    assert (first.arn, second.status) == (failed["executionArn"], "SUCCEEDED")
    assert second.arn.endswith(f":{execution_name(window, 1)}")
    source.is_billed_once()


# What the format calls its facts since somebody changed it; and what a person then declares.
BROKEN = {"extendedRequestId": "longId", "status": "code", "customerId": "payer"}
AS_IT_WAS = ("accountId", "apiId", "stage", "requestTimeEpoch", "httpMethod", "resourcePath")
FIELDS = {**BROKEN, **{name: name for name in AS_IT_WAS}}


def test_a_format_that_was_corrupted_is_billed_when_it_is_declared(source: AuditedSource) -> None:
    """Its lines are kept, and the equation says so; declared and replayed, all are confirmed."""
    of = past(3)
    source.subscribe()
    source.put(source.serve(of.moments(12), spelt=BROKEN))
    source.be_known_before(of)
    equation = until(lambda: source.counted_until_closed(of), CLOSED_SECONDS)
    assert sum(equation.quarantined.values()) == equation.served == 12
    assert sum(point.value for point in source.figures(Metric.REQUESTS_KEPT)) == 12
    assert source.bill() == []

    declare(source, FIELDS)
    assert replay_of(Stage(), source.endpoints, "quarantine")["requests"]["billed"] >= 12
    until(lambda: len(source.bill()) == 12)
    report = source.audit(of)
    assert report["before"]["all"] == report["after"]["all"] == {"confirmed": 12}
    assert source.equation(of) == Equation(confirmed=12)
    source.is_billed_once()


def test_ledger_objects_that_were_lost_are_written_again(source: AuditedSource) -> None:
    """All of an hour: what is metered again Aforo knows, and the ledger is whole as it was."""
    endpoints = source.endpoints
    of = Range.of(now_ms() - now_ms() % HOUR_MS - 5 * HOUR_MS, 2)
    source.subscribe()
    source.put(source.serve(of.moments(20)))
    until(lambda: len(source.ledger_rows(of)) == 20)
    rows, duplicates = settled(source, of), book(endpoints)["duplicates"]
    s3, hour = boto3.client("s3"), hour_prefix(iso_from_epoch_ms(of.from_ms)[:13])
    for name in list(source.ledger.names(hour)):
        s3.delete_object(Bucket=endpoints.ledger_bucket, Key=name)
    assert settled(source, of) == set()

    report = source.audit(of)
    assert report["before"]["all"] == {"unaccounted": 20}
    assert report["after"]["all"] == {"confirmed": 20}
    assert settled(source, of) == rows
    assert book(endpoints)["duplicates"] >= duplicates + 20
    source.is_billed_once()


def settled(source: AuditedSource, of: Range) -> set[tuple[str, ...]]:
    """What the ledger says of each key."""
    return {
        (row["key"], row["customerId"], row["meter"], row["occurredAt"], row["outcome"])
        for row in source.ledger_rows(of)
    }


def book(endpoints: Endpoints) -> dict[str, Any]:
    """Aforo's figures."""
    with Console(endpoints.aforo_url) as console:
        return console.ledger()


def test_ten_audits_change_nothing_after_the_first(source: AuditedSource) -> None:
    """Neither records, nor ledger, nor Aforo's book: nothing is metered a second time."""
    of = past(1)
    source.put(source.serve(of.moments(7)))
    assert source.audit(of)["requests"]["meteredAgain"] == 7

    def everything() -> list[object]:
        undated = {"audited_at"}
        records = [one.model_dump(exclude=undated) for one in source.records(of).values()]
        figures = {name: book(source.endpoints)[name] for name in ("accepted", "duplicates")}
        return [records, sorted(row["key"] for row in source.ledger_rows(of)), figures]

    first = everything()
    for _ in range(9):
        requests = source.audit(of)["requests"]
        assert set(requests.values()) == {0}
    until(lambda: waiting(source.endpoints, "usage") == 0)
    assert everything() == first
    assert source.equation(of) == Equation(confirmed=7)
    source.is_billed_once()


def test_while_aforo_is_away_what_is_missing_is_held(
    source: AuditedSource, patient_forwarder: None
) -> None:
    """No alarm, and nothing is metered again: neither by the count nor by a person's audit, which
    waits until Aforo is back.
    """
    of = past(3)
    source.put(source.serve(of.moments(5)))  # nobody delivers them
    on_its_way = source.serve(of.moments(6))
    source.subscribe()
    take_aforo_down(source.endpoints)
    try:
        source.put(on_its_way)
        until(lambda: waiting(source.endpoints, "usage"))
        source.be_known_before(of)
        source.count()
        held = until(lambda: source.equation(of))
        execution = source.start_audit(of)
        until(lambda: path_of(source.sfn, execution).count("Wait for the next round") >= 2)
        assert (held.held, held.unaccounted, held.served) == (11, 0, 11)
        assert {point.value for point in source.figures(Metric.REQUESTS_HELD)} == {11}
        assert source.figures(Metric.REQUESTS_UNACCOUNTED) == []
        assert source.repairs() == []
        assert source.bill() == []
    finally:
        bring_aforo_back(source.endpoints)
    ended = source.ended(execution)
    assert ended.output["report"]["requests"]["meteredAgain"] == 5
    assert source.equation(of) == Equation(confirmed=11)
    source.is_billed_once()


@pytest.fixture
def patient_forwarder(endpoints: Endpoints) -> Iterator[None]:
    """It holds for minutes, not for seconds: nothing is set aside while the test looks."""
    client, name = boto3.client("lambda"), endpoints.functions["forwarder"]

    def hold(seconds: str) -> str:
        told = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        changed = {**told, "HOLD_SECONDS": seconds}
        client.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        return told["HOLD_SECONDS"]

    before = hold("600")
    yield
    hold(before)


@pytest.mark.parametrize("state", ["Run a round", "Wait for the next round"])
def test_an_audit_that_was_stopped_is_run_again(source: AuditedSource, state: str) -> None:
    """Whatever it had done: the next one does the rest. Each state in turn is stopped at in
    tests/integration/audit/test_whole_machine.py.
    """
    of = past(1)
    while not stopped_at(source, of, state):
        pass  # it had ended before: more is lost, and another one begins
    served = len(source.served)
    assert source.audit(of)["after"]["all"] == {"confirmed": served}
    assert source.equation(of) == Equation(confirmed=served)
    source.is_billed_once()


def stopped_at(source: AuditedSource, of: Range, state: str) -> bool:
    """Whether an audit of eight requests more was stopped, once it had come to this state."""
    source.put(source.serve(of.moments(8)))
    execution = source.start_audit(of)
    until(lambda: state in path_of(source.sfn, execution))
    with suppress(source.sfn.exceptions.ClientError):  # it is not running any more
        source.sfn.stop_execution(executionArn=execution)
    return source.ended(execution).status == "ABORTED"


def test_a_dry_run_says_to_the_unit_what_a_backfill_bills(source: AuditedSource) -> None:
    """By customer, meter and day. What is older than Aforo remembers is told only, to a person."""
    # The last change of days that is young enough, or else of halves of one.
    age_ms = now_ms() % DAY_MS if now_ms() % DAY_MS < 22 * HOUR_MS else now_ms() % (DAY_MS // 2)
    middle = window_of(now_ms() - age_ms)
    of, old = Range(middle - WINDOW_MS, middle + WINDOW_MS), Range.of(middle - 2 * DAY_MS, 1)
    served = [("a", of, 9), ("b", of, 4), ("b", old, 3)]
    lines = [source.serve(one.moments(times), f"cus_{who}") for who, one, times in served]
    for some in lines:
        source.put(some)
    told = source.audit(old, dryRun=True)["requests"]
    assert (told["tooOld"], told["wouldBeBilled"]) == (3, 0)
    dry = source.audit(of, dryRun=True)
    assert dry["requests"]["wouldBeBilled"] == 13
    assert source.bill() == []

    real = source.audit(of)
    bill: Counter[tuple[str, str, str]] = Counter()
    for event in source.bill():
        place = (event["customerId"], event["metadata"]["meter"], event["occurredAt"][:10])
        bill[place] += event["quantity"]
    would = dry["bill"]["wouldBeBilled"]
    assert {(one["customerId"], one["meter"], one["day"]): one["quantity"] for one in would} == bill
    assert bill.total() == 13
    assert real["bill"]["meteredAgain"] == would
    assert source.equation(of) == Equation(confirmed=13)
    for extended_id in list(source.served)[13:]:
        del source.served[extended_id]  # of the past that is told only
    source.is_billed_once()


def test_a_statement_of_this_month_has_aforos_own_figure_beside_it(
    endpoints: Endpoints, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Asked by the function that has the key: at least what the ledger has of one request more."""
    endpoints.write(tmp_path)
    customer, before = endpoints.customers[0], len(billed_events(endpoints))
    answer = httpx.get(f"{endpoints.api_url}/pets", headers=customer.headers, trust_env=False)
    assert answer.status_code == 200
    until(lambda: len(billed_events(endpoints)) > before)
    whose = ["--customer", customer.customer_id, "--month", iso_from_epoch_ms(now_ms())[:7]]
    words = [*whose, "--ask-aforo", "--endpoints", str(tmp_path / "endpoints.json")]
    assert main(["statement", *words]) == 0
    found = re.search(r"^Aforo says ([0-9,]+) now: of (\S+),", capfd.readouterr().err, re.MULTILINE)
    assert found
    assert found[2] == customer.customer_id
    assert int(found[1].replace(",", "")) >= 1
