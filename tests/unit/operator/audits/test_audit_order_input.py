"""The options of an audit are its input, as the Step Functions console takes it."""

import pytest

from functions.audit.repair.audit_input import read_input
from functions.operator.audits.asked_range import AskedTimes
from functions.operator.audits.audit_order_input import AuditOptions
from functions.usage.errors import Permanent
from functions.usage.moment import DAY_MS, epoch_ms_from_iso

NOW = epoch_ms_from_iso("2026-11-29T12:00:00Z")
ANY = AskedTimes(None, None)
ALL = AuditOptions(
    source="orders", dry_run=True, include_old=True, export="s3://exports/november/orders"
)


def test_options_are_fields_of_the_input() -> None:
    """What was not said is not there: the machine fills in the defaults."""
    assert AuditOptions().fields(ANY) == {}
    assert ALL.fields(AskedTimes(NOW - DAY_MS, NOW)) == {
        "source": "orders",
        "from": "2026-11-28T12:00:00.000Z",
        "to": "2026-11-29T12:00:00.000Z",
        "dryRun": True,
        "includeOld": True,
        "export": {"bucket": "exports", "prefix": "november/orders"},
    }


def test_the_machine_understands_every_option() -> None:
    """No option is a field that it would refuse."""
    assert read_input(ALL.fields(AskedTimes(NOW - DAY_MS, NOW))).faults == []


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("s3://exports", {"bucket": "exports", "prefix": ""}),
        ("s3://exports/", {"bucket": "exports", "prefix": ""}),
        ("s3://exports/a/b/", {"bucket": "exports", "prefix": "a/b/"}),
    ],
)
def test_an_export_is_a_bucket_and_a_prefix(address: str, place: dict[str, str]) -> None:
    """As the aws CLI writes them."""
    assert AuditOptions(export=address).fields(ANY)["export"] == place


@pytest.mark.parametrize("address", ["exports/a", "s3://", "https://exports/a"])
def test_what_is_no_place_in_s3_is_refused(address: str) -> None:
    """With what to write."""
    with pytest.raises(Permanent, match="write s3://BUCKET/PREFIX"):
        AuditOptions(export=address).fields(ANY)


@pytest.mark.parametrize(
    ("options", "times", "why"),
    [
        (AuditOptions(), ANY, ""),
        (AuditOptions(), AskedTimes(NOW - DAY_MS, NOW), ""),
        (AuditOptions(), AskedTimes(NOW - DAY_MS - 1, None), "it begins more than 24 h ago"),
        (AuditOptions(include_old=True), ANY, "--include-old bills what Aforo does not remember"),
        (AuditOptions(export="s3://exports"), ANY, "it reads the whole export"),
        (AuditOptions(export="s3://exports"), AskedTimes(NOW - 1, None), ""),
        (AuditOptions(dry_run=True, include_old=True), AskedTimes(0, None), ""),
    ],
)
def test_what_may_bill_the_past_wants_a_dry_run_first(
    options: AuditOptions, times: AskedTimes, why: str
) -> None:
    """A dry run never does."""
    assert options.why_ask(times, NOW) == why
