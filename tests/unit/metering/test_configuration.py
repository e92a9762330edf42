"""What a configuration may say, and that the complaint names the field."""

import json
from typing import Any

import pytest

from functions.metering.configuration import (
    EXCLUDED_PATHS,
    Configuration,
    ConfigurationError,
    default_configuration,
    read_configuration,
)

METER = {"id": "api_calls", "metricName": "API Calls", "productType": "API", "quantity": "1"}


def version(**changes: Any) -> dict[str, Any]:
    return {"effectiveFrom": "2026-01-01T00:00:00Z", "meters": [METER], **changes}


def read(*versions: dict[str, Any]) -> Configuration:
    return read_configuration(json.dumps({"versions": versions}).encode())


def test_a_document_may_say_everything() -> None:
    """Each field of the format is read."""
    configuration = read(
        version(
            customers={"v7y79n2re7": "cus_1"},
            tenantId="tenant_1",
            excludedPaths=["/internal"],
            excludedStatuses=[404],
            billServerErrors=False,
        )
    )
    (only,) = configuration.versions
    assert only.customers == {"v7y79n2re7": "cus_1"}
    assert only.tenant_id == "tenant_1"
    assert only.excluded_statuses == {404}
    assert (only.excludes_path("/internal"), only.bill_server_errors) == (True, False)


def test_the_default_counts_calls_since_ever() -> None:
    """One meter, Aforo's exclusions, nobody known by a key."""
    in_force = default_configuration().in_force(0)
    assert in_force is not None
    assert [meter.metric_name for meter in in_force.meters] == ["API Calls"]
    assert in_force.excluded_paths == EXCLUDED_PATHS
    assert not in_force.customers


def test_versions_take_turns() -> None:
    """In the order of their dates, whatever their order in the document."""
    later, earlier = version(effectiveFrom="2026-06-01T00:00:00+02:00"), version()
    configuration = read(later, earlier)
    change = 1_780_264_800_000
    assert configuration.in_force(change) is configuration.versions[0]
    assert configuration.in_force(change - 1) is configuration.versions[1]
    assert configuration.next_change(change - 1) == change
    assert configuration.in_force(0) is None


@pytest.mark.parametrize(
    ("versions", "field"),
    [
        ([], "versions"),
        ([version(effectiveFrom="2026-01-01T00:00:00")], "versions.0.effectiveFrom"),
        ([version(effectiveFrom="soon")], "versions.0.effectiveFrom"),
        ([version(), version()], "versions"),
        ([version(meters=[])], "versions.0.meters"),
        ([version(meters=[METER, METER])], "versions.0.meters"),
        ([version(meters=[{**METER, "id": "API calls"}])], "versions.0.meters.0.id"),
        ([version(meters=[{**METER, "metricName": " "}])], "versions.0.meters.0.metricName"),
        ([version(meters=[{**METER, "quantity": "2"}])], "versions.0.meters.0.quantity"),
        ([version(meters=[{**METER, "quantity": 1}])], "versions.0.meters.0.quantity"),
        ([version(meters=[{**METER, "productType": "X"}])], "versions.0.meters.0.productType"),
        ([version(customers={"key": "a b"})], "versions.0.customers.key"),
        ([version(customers={"key": "a\n"})], "versions.0.customers.key"),
        ([version(customers=["key"])], "versions.0.customers"),
        ([version(excludedPaths=["health"])], "versions.0.excludedPaths.0"),
        ([version(excludedStatuses=[99])], "versions.0.excludedStatuses.0"),
        ([version(excludedStatuses=["401"])], "versions.0.excludedStatuses.0"),
        ([version(excludedStatus=[401])], "versions.0.excludedStatus"),
    ],
)
def test_a_bad_document_is_refused_and_the_field_named(
    versions: list[dict[str, Any]], field: str
) -> None:
    """A misspelt name, too: it would silently bill by a default."""
    with pytest.raises(ConfigurationError, match=rf": {field}[:.]"):
        read(*versions)


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"\xff", b'{"versions": null}'])
def test_what_is_no_document_is_refused(document: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(ConfigurationError, match="the metering configuration is not usable"):
        read_configuration(document)
