"""Each log group is read as what it was declared to hold."""

import subprocess
import sys

import pytest

from functions.metering.configuration.version import default_configuration
from functions.metering.declared_source import DeclaredSource
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import SortedRequests
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, access_line
from tests.fakes.execution_log_lines import (
    ACCOUNT,
    CUSTOMER,
    GROUP,
    STREAM,
    authorizer_texts,
    delivery_of,
    events_of,
    prefixed,
    request_texts,
)
from tests.local.endpoints import ROOT

NOW_MS = REQUEST_TIME_MS + 20_000
EXECUTION = delivery_of(events_of(prefixed(request_texts())))
ACCESS = LogDelivery(ACCOUNT, "demo-access", STREAM, events_of([access_line()]))


def sorted_by(source: DeclaredSource, delivery: LogDelivery) -> SortedRequests:
    return source.sort(delivery, default_configuration(), NOW_MS)


def test_groups_of_both_kinds_are_metered_side_by_side() -> None:
    """One function serves a stage with an access log and one that nobody changed."""
    source = DeclaredSource(REGION, execution_log_groups=[GROUP])
    for delivery in (ACCESS, EXECUTION, ACCESS):
        found = sorted_by(source, delivery)
        assert (found.billed, found.quarantined) == (1, [])


@pytest.mark.parametrize(("declared", "delivery"), [([], EXECUTION), ([ACCESS.log_group], ACCESS)])
def test_a_group_that_is_declared_wrongly_bills_nothing(
    declared: list[str], delivery: LogDelivery
) -> None:
    """What lines look like does not decide how they are read."""
    found = sorted_by(DeclaredSource(REGION, execution_log_groups=declared), delivery)
    assert found.billed == 0
    assert found.quarantined or found.excluded


@pytest.mark.parametrize(("tenant_header", "billed"), [(None, 0), ("X-Tenant-Id", 1)])
def test_a_header_names_a_customer_only_where_it_was_declared(
    tenant_header: str | None, billed: int
) -> None:
    """Else the same header carries the tenant."""
    texts = request_texts(
        authorizer=authorizer_texts(result=""), headers=f"{{X-Tenant-Id={CUSTOMER}, Host=a}}"
    )
    delivery = delivery_of(events_of(prefixed(texts)))
    source = DeclaredSource(REGION, execution_log_groups=[GROUP], tenant_header=tenant_header)
    assert sorted_by(source, delivery).billed == billed


def test_a_cold_start_pays_for_execution_logs_only_where_there_are_some() -> None:
    """Their reader comes with the first delivery of such a group."""
    code = (
        "import sys; import functions.metering.handler; "
        "print('functions.metering.execution.requests' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
