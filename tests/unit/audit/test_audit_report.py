"""The report of an audit."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.equation import Equation
from functions.audit.repair.audit_progress import AuditProgress, AuditTask, plus
from functions.audit.repair.audit_report import AuditReport, is_news
from functions.audit.repair.bill_difference import BillDifference, added, summed
from functions.audit.repair.metered_record import MeteredRecord
from functions.audit.repair.repair_limits import RepairFate
from functions.audit.repair.run_records import RunRecords
from tests.fakes.s3_objects import WRITTEN_AT, FakeBucket
from tests.unit.audit.audit_world import AuditWorld, Fate, PlayedAudit

STATE_BYTES = 256 * 1024
EVENTS = st.tuples(
    st.text(min_size=1),
    st.sampled_from(["calls", "bytes"]),
    st.integers(1, 1_000),
    st.sampled_from(["2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00.000Z"]),
)


def test_it_says_the_equation_before_and_after_and_what_was_done() -> None:
    """In S3 whole, in a state short, in words for the operators."""
    world = AuditWorld([[Fate.CONFIRMED, Fate.LOST, Fate.KEPT], [Fate.OLD, Fate.EXCLUDED]])
    audit = PlayedAudit(world, "by-hand", world.order(notes=("Looked at up to then",)))
    audit.run()
    told = audit.report()
    assert told["reportUri"] == "s3://ledger/audit-runs/by-hand/report.json"
    whole = json.loads(world.bucket.objects["audit-runs/by-hand/report.json"])
    assert whole["before"]["all"] == {
        "confirmed": 1,
        "excluded": {"health": 1},
        "quarantined": {"tamper": 1},
        "unaccounted": 2,
    }
    assert whole["after"]["all"]["confirmed"] == 2
    assert whole["after"]["all"]["unaccounted"] == 1
    assert whole["after"]["served"] == whole["before"]["served"] == 5
    assert whole["windows"] == {"lookedAt": 2, "left": 0}
    assert whole["requests"] == {
        "meteredAgain": 1,
        "quarantined": 0,
        "tooOld": 1,
        "olderThanAforoTakes": 0,
        "notTakenByMetering": 0,
        "stillMissing": 1,
    }
    assert whole["bill"]["tooOld"] == [
        {"customerId": "cus_a", "meter": meter, "day": "2026-11-22", "events": 1, "quantity": 2.0}
        for meter in ("bytes", "calls")
    ]
    assert whole["bill"]["meteredAgain"][0]["day"] == "2026-11-23"
    assert {"compare", "meterAgain", "compareAgain"} == set(whole["seconds"])
    assert told["report"]["billLines"] == {"meteredAgain": 2, "tooOld": 2}
    assert told["notice"].splitlines()[2:4] == ["Came to its end.", "Looked at up to then"]
    assert "cus_a" not in told["notice"]


@pytest.mark.parametrize(
    ("trouble", "requests", "quiet", "news"),
    [
        ("", {"meteredAgain": 0}, False, False),
        ("", {"meteredAgain": 1}, False, True),
        ("", {"meteredAgain": 1}, True, False),
        ("metering fails", {"meteredAgain": 0}, True, True),
        ("metering fails", {"meteredAgain": 0}, False, True),
    ],
)
def test_operators_are_told_of_trouble_and_of_what_was_missing(
    trouble: str, requests: dict[str, int], *, quiet: bool, news: bool
) -> None:
    """Quiet is told of trouble alone."""
    assert is_news({"trouble": trouble, "requests": requests}, is_quiet=quiet) is news


def test_the_largest_audit_fits_into_a_state() -> None:
    """A hundred sources, each with every reason there may be; and a bill of any length."""
    names = [f"{'source-with-a-long-name' * 2}-{number:03}" for number in range(100)]
    reasons = {f"a_reason_of_some_length_{number}": 1_000_000 for number in range(12)}
    equation = Equation(confirmed=10**9, excluded=reasons, quarantined=reasons, held=10**6)
    sums: dict[str, Equation] = {}
    for name in names:
        sums = plus(sums, name, equation)
    progress = AuditProgress(before=sums, after=sums, requests={RepairFate.TOO_OLD: 1})
    bucket = cast("Any", FakeBucket())
    difference = BillDifference(bucket, "ledger", "run", WRITTEN_AT)
    asked = AuditWorld([[Fate.OLD]])
    request = asked.request(0, 0)
    many = [request._replace(customer=f"cus_{number}") for number in range(2_000)]
    difference.put(0, {RepairFate.TOO_OLD: many})
    task = AuditTask(
        runId="run",
        startedAt=datetime(2026, 11, 23, tzinfo=UTC),
        order=asked.order(
            sources=[{"name": name, "logGroup": "/" * 100, "kind": "access"} for name in names]
        ),
        progress=progress,
    )
    record = MeteredRecord(bucket, "ledger", "run", WRITTEN_AT)
    report = AuditReport(record, difference, RunRecords(asked))
    told = report.write(task, WRITTEN_AT)
    assert len(json.dumps(told)) < STATE_BYTES / 2
    handed_on = {**task.model_dump(mode="json", by_alias=True), "progress": progress.as_json()}
    assert len(json.dumps(handed_on)) < STATE_BYTES
    whole = json.loads(bucket.objects["audit-runs/run/report.json"])
    assert len(whole["bill"]["tooOld"]) == 4_000


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.lists(EVENTS, max_size=4)), max_size=6))
def test_the_lines_of_a_bill_add_up(
    requests: list[tuple[str, list[tuple[str, str, int | float, str]]]],
) -> None:
    """One line for each customer, meter and day, however the windows divide them."""
    lines = summed(requests)
    places = [(line["customerId"], line["meter"], line["day"]) for line in lines]
    assert places == sorted(set(places))
    assert sum(line["events"] for line in lines) == sum(len(events) for _, events in requests)
    assert sum(line["quantity"] for line in lines) == sum(
        event[2] for _, events in requests for event in events
    )
    assert added(line for one in requests for line in summed([one])) == lines


@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.7, 1]), min_size=1, max_size=9)
    | st.lists(st.sampled_from([1, 2**53 + 1]), min_size=1, max_size=9)
)
def test_a_bill_s_quantities_are_what_they_add_up_to(quantities: list[float]) -> None:
    """Three times 0.1 is 0.3, and no number of events loses one, also after it was kept in S3."""
    bucket = cast("Any", FakeBucket())
    difference = BillDifference(bucket, "ledger", "run", WRITTEN_AT)
    request = AuditWorld([[Fate.OLD]]).request(0, 0)
    for place, quantity in enumerate(quantities):
        event = ("k", "calls", quantity, "2026-11-22T10:00:00.000Z")
        difference.put(place, {RepairFate.TOO_OLD: [request._replace(events=[event])]})
    ((line,),) = difference.lines().values()
    exact = sum(map(Decimal, map(str, quantities)))
    assert Decimal(str(line["quantity"])) == exact
