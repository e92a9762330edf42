"""Each log group is read as what it was declared to hold."""

import subprocess
import sys

import pytest

from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.configuration.version import Configuration
from functions.metering.declared_source import UNDECLARED_SOURCE, DeclaredSource
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


def declaring(*sources: str) -> Configuration:
    return ConfigurationReader(read_deployed(",".join(sources))).default


BOTH = declaring(f"a=access:{ACCESS.log_group}", f"e=execution:{GROUP}")


def sorted_by(
    configuration: Configuration, delivery: LogDelivery, tenant_header: str | None = None
) -> SortedRequests:
    source = DeclaredSource(REGION, tenant_header=tenant_header)
    return source.sort(delivery, configuration, NOW_MS)


def test_groups_of_both_kinds_are_metered_side_by_side() -> None:
    """One function serves a stage with an access log and one that nobody changed."""
    source = DeclaredSource(REGION)
    for delivery in (ACCESS, EXECUTION, ACCESS):
        found = source.sort(delivery, BOTH, NOW_MS)
        assert (found.billed, found.quarantined) == (1, [])


@pytest.mark.parametrize(
    ("declared", "delivery"),
    [
        ("a=access:vended", EXECUTION._replace(log_group="vended")),
        (f"e=execution:{ACCESS.log_group}", ACCESS),
    ],
)
def test_a_group_that_is_declared_wrongly_bills_nothing(
    declared: str, delivery: LogDelivery
) -> None:
    """What lines look like does not decide how they are read."""
    found = sorted_by(declaring(declared), delivery)
    assert found.billed == 0
    assert found.quarantined or found.excluded


def test_an_undeclared_access_log_is_metered_all_the_same() -> None:
    """Somebody subscribed it: its usage is not lost because a list is behind."""
    assert sorted_by(declaring(), ACCESS).event_texts == sorted_by(BOTH, ACCESS).event_texts


@pytest.mark.parametrize("group", [GROUP, "vended"])
def test_an_undeclared_execution_log_is_kept_until_it_is_declared(group: str) -> None:
    """Its lines cannot be billed one by one; kept as they are, they are billed once declared."""
    delivery = EXECUTION._replace(log_group=group)
    found = sorted_by(declaring(), delivery)
    assert (found.billed, found.excluded) == (0, {})
    assert {one.why for one in found.quarantined} == {UNDECLARED_SOURCE}
    kept = [entry for one in found.quarantined for entry in one.log_events]
    assert kept == delivery.log_events
    again = sorted_by(declaring(f"e=execution:{group}"), delivery._replace(log_events=kept))
    assert (again.billed, again.quarantined) == (1, [])


@pytest.mark.parametrize(("tenant_header", "billed"), [(None, 0), ("X-Tenant-Id", 1)])
def test_a_header_names_a_customer_only_where_it_was_declared(
    tenant_header: str | None, billed: int
) -> None:
    """Else the same header carries the tenant."""
    texts = request_texts(
        authorizer=authorizer_texts(result=""), headers=f"{{X-Tenant-Id={CUSTOMER}, Host=a}}"
    )
    delivery = delivery_of(events_of(prefixed(texts)))
    assert sorted_by(BOTH, delivery, tenant_header).billed == billed


@pytest.mark.parametrize("module", ["execution.requests", "accounting", "audit_question"])
def test_a_cold_start_pays_only_for_what_every_delivery_needs(module: str) -> None:
    """The reader of execution logs comes with the first delivery of such a group, what tells an
    audit with the first audit.
    """
    code = (
        "import sys; import functions.metering.handler; "
        f"print('functions.metering.{module}' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
