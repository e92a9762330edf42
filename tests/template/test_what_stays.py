"""What `aforo-metering remove` says of the stack's end is what the template does at it."""

from functions.operator.removal.retained import BUCKETS, QUEUES
from functions.operator.removal.standing_stack import ON_THE_WAY, SET_ASIDE
from tests.local.endpoints import ROOT
from tests.template.references import references
from tests.template.stack import template
from tests.template.transformed import transformed

# They hold nothing and cost nothing: of the account, and of buckets that stay.
BESIDE = {
    "ApiGatewayAccount",
    "ApiGatewayLogsRole",
    "ConfigurationBucketTlsOnly",
    "LedgerBucketTlsOnly",
}


def test_what_stays_is_told() -> None:
    """Nobody pays for what he does not know of."""
    stays = {
        name
        for name, resource in template()["Resources"].items()
        if "Retain" in resource.get("DeletionPolicy", "Delete")
    }
    assert stays == {*BUCKETS, *QUEUES, "AforoSecret", "DataKey"} | BESIDE


def test_the_queues_that_are_waited_for_are_all_that_there_are() -> None:
    """By their outputs."""
    assert {*ON_THE_WAY, *SET_ASIDE} == set(QUEUES)
    assert all(f"{name}Url" in template()["Outputs"] for name in QUEUES)


def test_the_page_names_all_that_stays() -> None:
    """With what it costs."""
    page = (ROOT / "docs" / "how-to" / "remove-the-stack.md").read_text()
    assert all(name in page for name in (*BUCKETS, *QUEUES, "AforoSecret", "DataKey"))


def test_a_first_deploy_that_fails_at_the_counters_finds_the_ledger_empty() -> None:
    """The repair marks the ledger's beginning as soon as it runs, and a bucket with an object in it
    cannot be taken back. The cache takes minutes, and is what fails late.
    """
    page = transformed()["Resources"]
    after = {page["ReconciliationRepairSchedule"]["DependsOn"]}
    named = {(one.place, one.target) for one in references(transformed())}
    while more := {target for place, target in named if place in after} - after:
        after |= more
    assert "Counters" in after
