"""Headers, read with suspicion."""

from typing import Any

import pytest

from functions.authorizer.headers import TENANT, Headers, request_ids


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, set()),
        ({"headers": None, "multiValueHeaders": None}, set()),
        ({"headers": "x-tenant-id"}, set()),
        ({"headers": {"X-Tenant-Id": "1"}}, {"1"}),
        ({"headers": {"x-tenant-id": "1"}, "multiValueHeaders": {"X-Tenant-Id": ["1"]}}, {"1"}),
        (
            {"headers": {"X-Tenant-Id": "2"}, "multiValueHeaders": {"X-Tenant-Id": ["1", "2"]}},
            {"1", "2"},
        ),
        ({"headers": {"x-tenant-id": "1", "X-Tenant-Id": "2"}}, {"1", "2"}),
        ({"headers": {"x_tenant_id": "1"}}, {"1"}),
        ({"headers": {" x-tenant-id ": ""}}, {""}),
        ({"headers": {"x-tenant-id": 7, "y": "1"}}, {"7"}),
        ({"multiValueHeaders": {"x-tenant-id": [None, "1"]}}, {"1"}),
    ],
)
def test_every_value_in_every_spelling(event: dict[str, Any], expected: set[str]) -> None:
    """A header counts however it is written, once or many times."""
    assert Headers(event).values(TENANT) == expected


def test_one_value_or_none() -> None:
    """Two different values leave a doubt, and a doubt is no value."""
    assert Headers({"headers": {"x-tenant-id": "1", "X-Tenant-Id": "1"}}).only(TENANT) == "1"
    assert Headers({"headers": {"x-tenant-id": "1", "X-Tenant-Id": "2"}}).only(TENANT) is None


def test_ids_for_the_log_are_short_text() -> None:
    """A hostile request context cannot fill the log."""
    found = request_ids({"requestContext": {"requestId": "x" * 9999, "stage": 3, "apiId": None}})
    assert found == {"requestId": "x" * 64, "stage": "3"}
    assert request_ids({"requestContext": "no"}) == {}
