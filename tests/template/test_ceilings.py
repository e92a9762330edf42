"""The figures of docs/explanation/ceilings.md that stand in code, template or another page."""

import re

from functions.adapters.message_queue import BYTES_PER_CALL
from functions.replay.limits import ROUND_MESSAGES
from functions.replay.report_part import EVENTS_OF_A_PART
from functions.replay.round_decision import LEDGER_WAITS, MOST_HELD, MOST_HOURS, MOST_ROUNDS
from tests.local.endpoints import ROOT
from tests.template.stack import resources, template

PAGE = (ROOT / "docs" / "explanation" / "ceilings.md").read_text()
COST = (ROOT / "docs" / "explanation" / "cost.md").read_text()
STACKS, RATE, MONTH_SECONDS = 100, 10_000, 30 * 86_400
LINE_BYTES = 511 + 26
EVENTS_OF_A_MESSAGE, EVENTS_OF_A_POST, LINES_OF_A_DELIVERY = 130, 100, 200


def default(parameter: str) -> int:
    return int(template()["Parameters"][parameter]["Default"])


def row(first: str) -> list[str]:
    """The other cells of the table row that begins so."""
    (found,) = re.findall(rf"^\| {re.escape(first)} \|(.*)\|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in found.split("|")]


def dollars(what: str) -> float:
    """Of a million requests at 10,000 million a month."""
    (found,) = re.findall(rf"^\| {re.escape(what)} \|.*\| \**([\d.]+)\** \|$", COST, re.MULTILINE)
    return float(found)


def test_the_limits_are_those_of_the_code() -> None:
    """A figure that nobody keeps up misleads who plans by it."""
    a_minute, forwarders = default("AforoEventsPerMinute"), default("ForwarderConcurrency")
    assert f"{a_minute:,} a key: {round(a_minute / 60)} a second" in PAGE
    assert f"Each of the {forwarders} forwarders" in PAGE
    assert f"its fifth, {round(a_minute / 60 / forwarders)} a second" in PAGE
    rounds = f"{MOST_ROUNDS} rounds of {ROUND_MESSAGES:,} messages, {MOST_HOURS} hours"
    assert f"{rounds}, {LEDGER_WAITS} looks" in PAGE
    assert f"| {MOST_HELD:,}, of the 120,000" in PAGE
    assert f"counts {EVENTS_OF_A_PART:,} events a part" in PAGE
    assert BYTES_PER_CALL == 1024 * 1024
    repair = resources("AWS::Serverless::Function")["ReconciliationRepairFunction"]["Properties"]
    assert (repair["Timeout"], f"{repair['MemorySize']:,} MB" in PAGE) == (900, True)
    rows = 900 / 18.5e-6
    assert f"{int(rows / 1e6)} million rows, {round(rows / 3_600, -2):,.0f} a second" in PAGE
    report = resources("AWS::Serverless::Function")["ReplayReportFunction"]["Properties"]
    assert report["Timeout"] == 300
    assert 90e6 < 0.85 * 300 / 2.35e-6 < 110e6  # the rest for its own events and the hours


def test_the_plan_adds_up() -> None:
    """Each line is the rate divided, for one stack and for all."""
    for first, figures in {
        "requests a month of 30 days": [
            f"{RATE * n * MONTH_SECONDS / 1e6:,.0f} million" for n in (1, STACKS)
        ],
        "deliveries to metering, 200 lines each": _each(LINES_OF_A_DELIVERY),
        "messages of UsageQueue, 130 events each": _each(EVENTS_OF_A_MESSAGE),
        "posts to Aforo, 100 events each": _each(EVENTS_OF_A_POST),
        "scripts of the counters, 100 events each": _each(100),
        "decisions of the authorizer": _each(1),
        "rows of the ledger an hour": [
            f"{RATE * n * 3_600 / 1e6:,.0f} million" for n in (1, STACKS)
        ],
    }.items():
        assert row(first) == figures
    each = RATE * 60
    default_rate = default("AforoEventsPerMinute")
    assert row("events a minute that Aforo has to take") == [
        f"{each:,}: {each // default_rate} times its default",
        f"{each * STACKS:,}: {each * STACKS // default_rate:,} times",
    ]
    line = RATE * LINE_BYTES / 1e6
    a_day = f"{line * STACKS * 86_400 / 1e6:.0f} TB a day"
    assert row("access log, 537 bytes a line") == [
        f"{line:.1f} MB/s",
        f"{line * STACKS:.0f} MB/s, {a_day}",
    ]


def test_the_dollars_are_those_of_the_cost_page() -> None:
    """Its last column, times the requests of a month."""
    for ours, theirs in {
        "this stack": "**sum**",
        "of it the authorizer": "authorizer: Lambda",
        "the access log": "the access log in CloudWatch Logs",
        "API Gateway, REST": "API Gateway, REST",
    }.items():
        a_million = dollars(theirs)
        millions = RATE * MONTH_SECONDS / 1e6
        months = [f"{a_million * millions * n:,.0f}" for n in (1, STACKS)]
        assert row(ours) == [f"{a_million:.2f}", *months]


def _each(of: int) -> list[str]:
    return [f"{RATE * n / of:,.0f}/s" for n in (1, STACKS)]
