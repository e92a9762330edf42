"""The one list of sources: what a declaration may say, what two may not say against each other."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.configuration.deployed_sources import (
    ConfigurationReader,
    read_deployed,
    with_deployed,
)
from functions.metering.configuration.document_reading import ConfigurationError, read_configuration
from functions.metering.configuration.source_declaration import MOST_SOURCES, UNDECLARED
from functions.metering.configuration.version import Configuration
from functions.metering.source_list import asks_for_sources, source_list
from functions.usage.errors import SettingsError

EXECUTION = "API-Gateway-Execution-Logs_a1b2c3d4e5"
ORDERS = {"name": "orders", "logGroup": "/orders", "kind": "access"}
ZERO_TOUCH = {"name": "pets", "logGroup": f"{EXECUTION}/prod", "kind": "execution"}


def document(*sources: dict[str, Any], **version: Any) -> bytes:
    first = {"effectiveFrom": "2026-01-01T00:00:00Z", **version}
    first.setdefault("meters", [{"id": "api_calls", "metricName": "API Calls"}])
    return json.dumps({"sources": sources, "versions": [first]}).encode()


def read(*sources: dict[str, Any], **version: Any) -> Configuration:
    return read_configuration(document(*sources, **version))


def named(configuration: Configuration) -> dict[str, str]:
    return {source.name: source.log_group for source in configuration.sources}


def test_a_document_declares_sources_of_both_kinds() -> None:
    """Each is found by its log group; a group that is not there is nobody's."""
    found = read({**ORDERS, "apiId": "f6g7h8", "stage": "prod"}, ZERO_TOUCH)
    assert [found.source_of(group) for group in ("/orders", f"{EXECUTION}/prod")] == list(
        found.sources
    )
    assert found.source_of("/other") is None
    assert found.sources[1].metered_stage == ("a1b2c3d4e5", "prod", False)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"name": ""}, "sources.0.name"),
        ({"name": "two words"}, "sources.0.name"),
        ({"name": "a" * 64}, "sources.0.name"),
        ({"name": "a,b"}, "sources.0.name"),
        ({"name": UNDECLARED}, "sources.0.name"),
        ({"logGroup": "a group"}, "sources.0.logGroup"),
        ({"logGroup": "arn:aws:logs:eu-west-1:1:log-group:a"}, "sources.0.logGroup"),
        ({"kind": "auto"}, "sources.0.kind"),
        ({"kind": None}, "sources.0.kind"),
        ({"logGroup": f"{EXECUTION}/prod"}, "sources.0"),
        ({"logGroup": f"{EXECUTION}/prod", "kind": "execution", "stage": "x"}, "sources.0"),
        ({"format": "clf"}, "sources.0.format"),
    ],
)
def test_a_declaration_that_says_no_source_is_refused(fields: dict[str, Any], place: str) -> None:
    """With its place."""
    with pytest.raises(ConfigurationError, match=place):
        read({**ORDERS, **fields})


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({**ORDERS, "logGroup": "/b"}, "two sources are called orders"),
        ({**ORDERS, "name": "b"}, "are one log group, /orders"),
        (
            {**ORDERS, "name": "b", "logGroup": "/b", "apiId": "a1b2c3d4e5", "stage": "prod"},
            "are one stage, prod of a1b2c3d4e5",
        ),
        (
            {**ZERO_TOUCH, "name": "b", "logGroup": "/vended", "apiId": "a1b2c3d4e5"}
            | {"stage": "prod"},
            "each of its requests comes twice",
        ),
    ],
)
def test_two_that_contradict_each_other_are_refused(other: dict[str, Any], why: str) -> None:
    """In either order, and the reason says which two."""
    for sources in ([ORDERS, ZERO_TOUCH, other], [other, ZERO_TOUCH, ORDERS]):
        with pytest.raises(ConfigurationError, match=why):
            read(*sources)


def test_a_canary_is_metered_beside_its_stage() -> None:
    """Its execution log is a group of its own; an access log of the stage holds both."""
    canary = {**ZERO_TOUCH, "name": "canary", "logGroup": f"{EXECUTION}/prod/Canary"}
    assert len(read(ZERO_TOUCH, canary).sources) == 2
    access = {**ORDERS, "apiId": "a1b2c3d4e5", "stage": "prod"}
    with pytest.raises(ConfigurationError, match="are one stage"):
        read(access, canary)


@pytest.mark.parametrize(
    ("source", "declared", "why"),
    [
        (
            {**ORDERS, "logGroup": "/vended", "kind": "execution"},
            {"/vended": {}},
            "it is the execution log orders",
        ),
        (
            {**ORDERS, "apiId": "a1", "stage": "prod"},
            {"/orders": {"apiId": "b2", "stage": "prod"}},
            "it is of another stage than orders",
        ),
    ],
)
def test_a_log_is_read_as_what_its_source_is(
    source: dict[str, Any], declared: dict[str, Any], why: str
) -> None:
    """`accessLogs` of a version speaks of the same log group: they agree, or it is refused."""
    with pytest.raises(ConfigurationError, match=why):
        read(source, accessLogs=declared)


def test_a_source_and_how_it_is_read_may_each_say_a_part() -> None:
    """What only one of them says contradicts nobody."""
    fields = {"/orders": {"apiId": "a1"}, "/other": {"apiId": "b2"}}
    assert read({**ORDERS, "stage": "prod"}, accessLogs=fields).sources


def test_there_are_as_many_as_heartbeats_can_be_put_in_a_minute() -> None:
    """And one more is too many."""
    many = [{**ORDERS, "name": f"s{i}", "logGroup": f"/{i}"} for i in range(MOST_SOURCES + 1)]
    assert len(read(*many[:-1]).sources) == MOST_SOURCES
    with pytest.raises(ConfigurationError, match="sources"):
        read(*many)


def test_the_parameters_and_the_document_make_one_list() -> None:
    """Where both name a group the document's name stands; the rest is added."""
    deployed = read_deployed(f"deployed=access:/orders, demo=execution:{EXECUTION}/demo,")
    reader = ConfigurationReader(deployed)
    assert named(reader.default) == {"deployed": "/orders", "demo": f"{EXECUTION}/demo"}
    assert named(reader.read(document(ORDERS))) == {
        "orders": "/orders",
        "demo": f"{EXECUTION}/demo",
    }
    assert reader.read(document(ORDERS)).versions == read(ORDERS).versions


@pytest.mark.parametrize(
    ("deployed", "why"),
    [
        ("deployed=execution:/orders", "orders declares /orders as access"),
        ("orders=access:/b", "two sources are called orders"),
        ("b=execution:API-Gateway-Execution-Logs_f6/prod", "are one stage"),
    ],
)
def test_parameters_that_contradict_the_document_are_refused(deployed: str, why: str) -> None:
    """As any document that is not usable: the last good one stays, and an alarm rings."""
    reader = ConfigurationReader(read_deployed(deployed))
    with pytest.raises(ConfigurationError, match=why):
        reader.read(document({**ORDERS, "apiId": "f6", "stage": "prod"}))


@pytest.mark.parametrize("text", ["a", "a=access", "a=access:", "=access:/a", "a=csv:/a"])
def test_a_parameter_that_names_no_source_is_a_wrong_deployment(text: str) -> None:
    """It says which part."""
    with pytest.raises(SettingsError, match="DEPLOYED_SOURCES"):
        read_deployed(f"ok=access:/ok,{text}")


SOURCES = st.builds(
    lambda name, group, kind, stage: {
        "name": name,
        "logGroup": f"{EXECUTION}/{group}" if kind == "execution" else f"/{group}",
        "kind": kind,
        **({"apiId": "a1b2c3d4e5", "stage": stage} if stage and kind == "access" else {}),
    },
    st.sampled_from("abcde"),
    st.sampled_from(["p", "q", "r", "p/Canary"]),
    st.sampled_from(["access", "execution"]),
    st.sampled_from(["", "p", "q"]),
)


@given(st.lists(SOURCES, max_size=5), st.lists(SOURCES, max_size=3))
def test_a_list_that_is_usable_meters_nothing_twice(
    declared: list[dict[str, Any]], given_by_parameters: list[dict[str, Any]]
) -> None:
    """Whatever is declared, and wherever: a name, a group and a stage are one source's, or nobody
    meters by the list.
    """
    text = ",".join(f"{one['name']}={one['kind']}:{one['logGroup']}" for one in given_by_parameters)
    try:
        found = with_deployed(read(*declared), read_deployed(text)).sources
    except ConfigurationError:
        return
    assert len({one.name for one in found}) == len({one.log_group for one in found}) == len(found)
    stages = [one.metered_stage for one in found if one.metered_stage]
    assert len(set(stages)) == len(stages)
    wanted = {one["logGroup"] for one in (*declared, *given_by_parameters)}
    assert {one.log_group for one in found} == wanted


def test_metering_answers_which_sources_there_are() -> None:
    """Asked by the machine that puts heartbeats; no log delivery is taken for the question."""
    orders = {"name": "orders", "logGroup": "/orders", "kind": "access"}
    assert source_list(read(ORDERS), None) == {"sources": [orders], "configuredAt": None}
    staged = read(ORDERS | {"apiId": "a1", "stage": "prod"})
    told = source_list(staged, datetime(2026, 11, 1, tzinfo=UTC))
    assert told == {
        "sources": [orders | {"apiId": "a1", "stage": "prod"}],
        "configuredAt": "2026-11-01T00:00:00+00:00",
    }
    assert asks_for_sources({"listSources": True})
    others: list[object] = [{"awslogs": {"data": ""}}, {"listSources": True, "awslogs": {}}, None]
    assert not any(map(asks_for_sources, others))
