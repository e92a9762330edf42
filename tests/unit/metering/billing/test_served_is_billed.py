"""Whoever the authorizer serves, metering bills and reconciliation counts: one rule for an id."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.authorizer.identity import Identity, fault_of
from functions.metering.access.format_v1 import read_line
from functions.metering.billing.decide import bill
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.request import Request
from functions.reconciliation.commands import StatusCommand
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, access_line

ALPHABET = 'aZ09._:@+~/=-*{}" ,\n\u00fc'


def is_served(customer_id: str) -> bool:
    identity = Identity(customer_id=customer_id, tenant_id="t", environment="live")
    return fault_of(identity, tenant="t", environment="live") is None


def is_billed(customer_id: str) -> bool:
    request = read_line(access_line(customerId=customer_id), REGION)
    assert isinstance(request, Request)
    return isinstance(bill(request, default_configuration(), REQUEST_TIME_MS), tuple)


def is_counted(customer_id: str) -> bool:
    try:
        StatusCommand.model_validate(
            {"customerId": customer_id, "status": "active", "version": 1}, strict=False
        )
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("customer_id", ["cus+eu", "a/b", "a~b", "a=b", "x" * 128, "x" * 129])
def test_the_three_agree_on_ids_that_are_known_to_be_hard(customer_id: str) -> None:
    """A customer that is served and not billed is revenue lost, request by request."""
    is_short = len(customer_id) < 129
    assert is_served(customer_id) == is_billed(customer_id) == is_counted(customer_id) == is_short


@given(st.text(ALPHABET, max_size=140) | st.from_regex(re.compile(r"\A[a-z][\w+/=~.]*\Z")))
def test_the_three_agree_on_any_id(customer_id: str) -> None:
    """Whatever a token or a command names."""
    assert is_served(customer_id) == is_billed(customer_id) == is_counted(customer_id)
