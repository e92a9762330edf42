"""What `aforo-metering remove` says of the stack's end is what the template does at it."""

from functions.operator.removal.retained import BUCKETS, QUEUES
from functions.operator.removal.standing_stack import ON_THE_WAY, SET_ASIDE
from tests.local.endpoints import ROOT
from tests.template.stack import template

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
    page = (ROOT / "docs" / "remove-the-stack.md").read_text()
    assert all(name in page for name in (*BUCKETS, *QUEUES, "AforoSecret", "DataKey"))
