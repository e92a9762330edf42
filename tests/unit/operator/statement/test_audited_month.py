"""What the audit's records say of a customer is added up, each window once."""

from io import StringIO
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import UnreadableObject, put_lines
from functions.audit.window import AuditWindow
from functions.operator.statement.audited_month import KeptAudits
from functions.operator.statement.month_progress import MonthProgress
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from tests.fakes.s3_objects import FakeBucket
from tests.unit.operator.statement.customer_ledger import CUSTOMER, OCTOBER

REASONS = st.dictionaries(st.sampled_from(["health", "no_tenant"]), st.integers(1, 9))
TERMS = st.fixed_dictionaries(
    {},
    optional={
        "confirmed": st.integers(0, 9),
        "setAside": st.integers(0, 9),
        "needsDecision": st.integers(0, 9),
        "held": st.integers(0, 9),
        "unaccounted": st.integers(0, 9),
        "excluded": REASONS,
        "quarantined": REASONS,
    },
)
CUSTOMERS = st.dictionaries(st.sampled_from([CUSTOMER, "cus_b", ""]), TERMS)
# Source and hour of the month; hours of the month before and after are not of it.
WINDOWS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "a.b", "deployed"]), st.integers(-2, 746)),
    st.lists(CUSTOMERS, min_size=1, max_size=2),
    max_size=6,
)


def kept(windows: dict[tuple[str, int], list[dict[str, Any]]]) -> KeptAudits:
    """Each with as many shards as it has records."""
    client = cast("Any", FakeBucket(page=3))
    for (source, hour), shards in windows.items():
        start = OCTOBER.start_ms + hour * HOUR_MS
        for number, customers in enumerate(shards):
            window = AuditWindow(source, start, start + HOUR_MS, number, len(shards))
            record = {
                "source": source,
                "logGroup": "log",
                "start": iso_from_epoch_ms(start),
                "end": iso_from_epoch_ms(start + HOUR_MS),
                "auditedAt": iso_from_epoch_ms(start + 2 * HOUR_MS),
                "lines": 0,
                "equation": {},
                "customers": customers,
            }
            put_lines(client, "ledger", window.object_name(closed=True), [record])
    client.objects["audits/deployed/2026-10-01/witness-00.json"] = b"no window"
    return KeptAudits(client, "ledger", MonthProgress(StringIO()))


def modelled(parts: list[dict[str, Any]]) -> dict[str, int]:
    """A number by term, and by term and reason."""
    found: dict[str, int] = {}
    for part in parts:
        for term, said in part.items():
            each = said.items() if isinstance(said, dict) else [("", said)]
            for reason, times in each:
                found[f"{term} {reason}"] = found.get(f"{term} {reason}", 0) + times
    return {name: times for name, times in found.items() if times}


@given(WINDOWS)
def test_a_month_is_the_sum_of_its_windows(
    windows: dict[tuple[str, int], list[dict[str, Any]]],
) -> None:
    """Of the customer, and of nobody; what is missing is said by source."""
    found = kept(windows).of(OCTOBER, CUSTOMER, OCTOBER.end_ms * 2)
    of_month = {place: shards for place, shards in windows.items() if 0 <= place[1] < 744}
    records = [customers for shards in of_month.values() for customers in shards]
    for customer, equation in ((CUSTOMER, found.requests), ("", found.unnamed)):
        expected = [customers[customer] for customers in records if customer in customers]
        assert modelled([equation.as_json()]) == modelled(expected)
    assert {one.source for one in found.sources} == {"deployed"} | {name for name, _ in windows}
    for one in found.sources:
        hours = sum(name == one.source for name, _ in of_month)
        expected_windows = 744 if hours else 8928
        assert (one.windows, one.not_audited) == (expected_windows, expected_windows - hours)


def test_a_record_that_is_none_is_named() -> None:
    """And no sum is said that lacks it."""
    audits = kept({("deployed", 0): [{CUSTOMER: {"confirmed": 1}}]})
    name = AuditWindow("deployed", OCTOBER.start_ms, OCTOBER.start_ms + HOUR_MS).object_name(
        closed=True
    )
    put_lines(audits.client, "ledger", name, [{"source": "deployed"}])
    with pytest.raises(UnreadableObject, match="no record of an audited window"):
        audits.of(OCTOBER, CUSTOMER, OCTOBER.end_ms * 2)
