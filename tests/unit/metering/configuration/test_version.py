"""What a configuration may say, and that the complaint names the field."""

import json
from typing import Any

import pytest

from functions.metering.configuration.document_reading import (
    ConfigurationError,
    default_configuration,
    read_configuration,
)
from functions.metering.configuration.version import EXCLUDED_PATHS, Configuration

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
    assert (only.compiled.excludes_path("/internal"), only.bill_server_errors) == (True, False)


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
        ([version(meters=[{**METER, "quantity": "context:"}])], "versions.0.meters.0.quantity"),
        ([version(meters=[{**METER, "quantity": "tokens"}])], "versions.0.meters.0.quantity"),
        ([version(meters=[{**METER, "forEach": ""}])], "versions.0.meters.0.forEach"),
        ([version(meters=[{**METER, "fields": {"x": "y"}}])], "versions.0.meters.0.fields.x"),
        ([version(meters=[{**METER, "metadata": {"a-b": "y"}}])], "versions.0.meters.0.metadata"),
        ([version(meters=[{**METER, "apiIds": ["a/b"]}])], "versions.0.meters.0.apiIds"),
        ([version(customers={"key": "a b"})], "versions.0.customers.key"),
        ([version(customers={"key": "null"})], "versions.0.customers.key"),
        ([version(customers={"key": "True"})], "versions.0.customers.key"),
        ([version(customers={"key": "a\n"})], "versions.0.customers.key"),
        ([version(customers=["key"])], "versions.0.customers"),
        ([version(excludedPaths=["health"])], "versions.0.excludedPaths.0"),
        ([version(excludedStatuses=[99])], "versions.0.excludedStatuses.0"),
        ([version(excludedStatuses=["401"])], "versions.0.excludedStatuses.0"),
        ([version(excludedStatus=[401])], "versions.0.excludedStatus"),
        ([version(excluded_paths=["/x"])], "versions.0.excluded_paths"),
        ([version(bill_server_errors=False)], "versions.0.bill_server_errors"),
        (
            [version(meters=[{"id": "a", "metricName": "A", "api_ids": ["x"]}])],
            "versions.0.meters.0.api_ids",
        ),
        ([version(accessLogs={"/g": {"fields_": {}}})], "versions.0.accessLogs./g.fields_"),
    ],
)
def test_a_bad_document_is_refused_and_the_field_named(
    versions: list[dict[str, Any]], field: str
) -> None:
    """A misspelt name, too: it would silently bill by a default."""
    with pytest.raises(ConfigurationError, match=rf": {field}[:.]"):
        read(*versions)


@pytest.mark.parametrize(
    ("meter", "complaint"),
    [
        ({"productType": "AGENTIC_API"}, "AGENTIC_API needs traceId: name in fields"),
        (
            {"productType": "AI_AGENT", "fields": {"traceId": "t"}},
            "AI_AGENT needs sessionId: name in fields",
        ),
        (
            {"productType": "MCP_SERVER", "fields": {"agentId": "a", "sessionId": "s"}},
            "MCP_SERVER needs toolName: name in fields",
        ),
        (
            {"productType": "MCP_SERVER", "forEach": "calls"},
            "MCP_SERVER needs agentId, sessionId: name in fields",
        ),
        ({"fields": {"traceId": "t"}}, "fields: productType API takes no traceId"),
        (
            {"productType": "AGENTIC_API", "fields": {"traceId": "t", "toolName": "n"}},
            "fields: productType AGENTIC_API takes no toolName",
        ),
        ({"forEach": "calls", "quantity": "response_bytes"}, "quantity: response_bytes"),
        ({"metadata": {"status": "x"}}, "metadata: status is written by metering itself"),
        ({"metadata": {"tool_name": "x"}}, "metadata: tool_name is written by metering itself"),
    ],
)
def test_a_meter_that_does_not_fit_together_is_refused(
    meter: dict[str, Any], complaint: str
) -> None:
    """The meter's place, the field, and what to do."""
    with pytest.raises(ConfigurationError, match=rf"versions\.0\.meters\.0: .*{complaint}"):
        read(version(meters=[{"id": "m", "metricName": "M", **meter}]))


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"\xff", b'{"versions": null}'])
def test_what_is_no_document_is_refused(document: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(ConfigurationError, match="the metering configuration is not usable"):
        read_configuration(document)


def test_only_what_is_wrong_is_named() -> None:
    """A list that lacks its unusable member is not also complained of as too short."""
    with pytest.raises(ConfigurationError) as refused:
        read(version(meters=[METER | {"quantity": "2"}]))
    (complaint,) = str(refused.value).removeprefix("the metering configuration is ").split("; ")
    assert complaint.startswith("not usable: versions.0.meters.0.quantity: ")
    with pytest.raises(ConfigurationError, match=r"not usable: versions: needs at least 1"):
        read()
