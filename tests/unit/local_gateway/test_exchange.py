import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.exchange import (
    INVALID_REQUEST_ID,
    Request,
    new_extended_request_id,
    request_id_of,
)
from tests.unit.local_gateway.exchanges import begun


@given(st.uuids())
def test_a_caller_may_choose_the_request_id_as_a_uuid(chosen: uuid.UUID) -> None:
    """x-amzn-RequestId overrides the request id when it is a UUID."""
    request = Request(verb="GET", path="/", headers=(("X-Amzn-RequestId", str(chosen)),))
    assert request_id_of(request) == str(chosen)


@pytest.mark.parametrize("chosen", ["", "victim", "11111111222233334444555555555555", "1" * 36])
def test_any_other_choice_is_replaced_by_the_literal(chosen: str) -> None:
    """A header that is not a UUID logs UUID_REPLACED_INVALID_REQUEST_ID."""
    request = Request(verb="GET", path="/", headers=(("x-amzn-requestid", chosen),))
    assert request_id_of(request) == INVALID_REQUEST_ID


def test_without_a_choice_ids_are_fresh() -> None:
    """Two requests never share an id of the gateway's own making."""
    request = Request(verb="GET", path="/")
    assert request_id_of(request) != request_id_of(request)
    ids = {new_extended_request_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{15}=", found) for found in ids)


def test_no_header_reaches_the_extended_request_id() -> None:
    """x-amz-apigw-id of the caller is not used."""
    assert begun(("x-amz-apigw-id", "AAAAAAAAAAAAAAA=")).extended_request_id != "AAAAAAAAAAAAAAA="


def test_the_method_arn_names_verb_and_path_as_sent() -> None:
    """Policies are evaluated against the request's own path."""
    arn = "arn:aws:execute-api:eu-west-1:111122223333:uwe3g5jm54/prod/GET/items/7"
    assert begun().method_arn == arn
