"""What a followed request's key is made of, by the log that it stands in."""

from functions.operator.verify.log_line import facts_of
from tests.fakes.access_log_lines import FIELDS, access_line

NEEDED = ("accountId", "apiId", "stage", "extendedRequestId", "requestTimeEpoch")


def test_an_access_log_line_says_it_all() -> None:
    """Format v1."""
    event = {"timestamp": 1, "message": access_line()}
    found = facts_of(event, "demo-access", extended_id="-", account_id="-")
    assert found == {name: FIELDS[name] for name in NEEDED}


def test_an_execution_log_says_it_with_the_name_of_its_group() -> None:
    """And with the time of the request's first line; nothing is taken from the text."""
    event = {"timestamp": 1_784_512_215_218, "message": "(id) Extended Request Id: A="}
    found = facts_of(
        event, "API-Gateway-Execution-Logs_a1b2/prod", extended_id="A=", account_id="123456789012"
    )
    assert tuple(found[name] for name in NEEDED) == (
        "123456789012",
        "a1b2",
        "prod",
        "A=",
        "1784512215218",
    )
