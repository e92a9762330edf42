"""Which path makes a request free: its route, or what a client wrote where no route says it."""

from typing import Any

import pytest

from functions.metering.access.format_v1 import read_line
from functions.metering.billing.decide import bill
from functions.metering.configuration.version import Configuration
from functions.metering.request import Request
from functions.usage.outcome import Excluded
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, access_line


def configured(**changes: Any) -> Configuration:
    meters = [{"id": "api_calls", "metricName": "API Calls"}]
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters, **changes}
    return Configuration.model_validate({"versions": [version]})


def outcome(configuration: Configuration | None = None, /, **facts: Any) -> Excluded | None:
    """None: billed."""
    request = read_line(access_line(), REGION)
    assert isinstance(request, Request)
    found = bill(request._replace(**facts), configuration or configured(), REQUEST_TIME_MS)
    if isinstance(found, Excluded):
        return found
    assert isinstance(found, tuple)
    return None


@pytest.mark.parametrize(
    ("path", "route", "is_free"),
    [
        (None, "/health", True),
        (None, "/pets", False),
        (None, None, False),
        # A route that names its path is believed, whatever the client wrote.
        ("/health", "/pets/{id}", False),
        ("/pets/7", "/health", True),
        # One that takes any path says nothing of it: what the client called counts.
        ("/health", "/{proxy+}", True),
        ("/pets/7", "/{proxy+}", False),
        ("/health", None, True),
        ("/health/live", None, True),
        ("/healthcare", None, False),
        # Some formats log the path with its stage.
        ("/prod/health", None, True),
        ("/prod/health/live", "/{proxy+}", True),
        ("/production/health", None, False),
        ("/health/prod", None, True),
        ("/x/prod/health", None, False),
        ("/prod", None, False),
    ],
)
def test_the_path_that_makes_a_request_free(
    path: str | None, route: str | None, *, is_free: bool
) -> None:
    """In the stage `prod`."""
    found = outcome(path=path, route=route)
    assert found == (Excluded("excluded_path") if is_free else None)


@pytest.mark.parametrize("doubtful", ["..", "//", "/./", "%", ";", "\\"])
def test_a_path_that_a_backend_may_read_as_another_is_not_free(doubtful: str) -> None:
    """Its client would choose what is free; a route that is free stays so."""
    path = f"/health/{doubtful}pets" if doubtful[0] != "/" else f"/health{doubtful}pets"
    assert outcome(path=path, route="/{proxy+}") is None
    assert outcome(path=path, route=None) is None
    free = configured(excludedPaths=["/{proxy+}"])
    assert outcome(free, path=path, route="/{proxy+}") == Excluded("excluded_path")


@pytest.mark.parametrize(
    ("status", "integration_status", "error_type", "is_free"),
    [
        (404, None, None, True),
        (404, None, "DEFAULT_4XX", True),
        (404, 404, "DEFAULT_4XX", True),
        (404, 404, None, False),
        (405, None, None, False),
    ],
)
def test_an_excluded_status_is_free_where_the_gateway_answered(
    status: int, integration_status: int | None, error_type: str | None, *, is_free: bool
) -> None:
    """The backend's own was served."""
    facts = {"integration_status": integration_status, "error_type": error_type}
    found = outcome(configured(excludedStatuses=[404]), status=status, **facts)
    assert found == (Excluded("excluded_status") if is_free else None)


@pytest.mark.parametrize(("status", "is_free"), [(499, False), (500, True), (599, True)])
def test_a_server_error_begins_at_500(status: int, *, is_free: bool) -> None:
    """Where the configuration does not bill it."""
    facts = {"status": status, "integration_status": status}
    found = outcome(configured(billServerErrors=False), **facts)
    assert found == (Excluded("server_error") if is_free else None)
    assert outcome(**facts) is None


def test_only_the_stage_itself_is_taken_off_a_path() -> None:
    """`/production` is a path of the stage `prod`, and not its `uction`."""
    free = configured(excludedPaths=["/production"])
    for path in ("/production", "/production/health", "/prod/production"):
        assert outcome(free, path=path, route=None) == Excluded("excluded_path")


def test_an_api_that_no_meter_counts_is_free() -> None:
    """Nobody asks who would pay; the APIs that a meter names are billed."""
    meter = {"id": "llm", "metricName": "LLM", "apiIds": ["llm"]}
    scoped = configured(meters=[meter])
    assert outcome(scoped, api_id="other", customer_id=None) == Excluded("no_meter")
    assert outcome(scoped, api_id="llm") is None
