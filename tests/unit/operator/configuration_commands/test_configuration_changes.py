"""What a new configuration changes is said in words: all of it, and nothing else."""

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from functions.metering.configuration.document_reading import (
    default_configuration,
    read_configuration,
)
from functions.metering.configuration.version import Configuration
from functions.operator.configuration_commands.configuration_changes import changes

METER = {"id": "api_calls", "metricName": "API Calls"}
THEN, LATER = "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"
BETWEEN_MS = 1_795_000_000_000


def configuration(*versions: dict[str, Any]) -> Configuration:
    """With one meter where nothing else is said."""
    whole = [{"effectiveFrom": THEN, "meters": [METER], **one} for one in versions]
    return read_configuration(json.dumps({"versions": whole}).encode())


def said(before: Configuration, after: Configuration) -> list[str]:
    """Without how far in the lines stand."""
    return [line.strip() for line in changes(before, after, BETWEEN_MS)]


def test_each_kind_of_change_is_said() -> None:
    """Meters, customers, exclusions, declarations, and the rest."""
    before = configuration({"customers": {"k1": "a", "k2": "b"}, "excludedPaths": ["/a"]})
    after = configuration(
        {
            "customers": {"k1": "c", "k3": "d"},
            "excludedPaths": ["/b"],
            "meters": [
                {**METER, "metricName": "Calls"},
                {"id": "bytes", "metricName": "Data", "quantity": "response_bytes"},
            ],
            "accessLogs": {"/g": {"fields": {"status": "s"}}},
            "tenantId": "t",
        }
    )
    first, *rest = said(before, after)
    assert first == "version from 2026-01-01T00:00:00.000Z: changed"
    assert rest[:-1] == [
        "meter api_calls: metricName API Calls -> Calls",
        "meter bytes: new, metricName Data, productType API, quantity response_bytes",
        "customer k1: a -> c",
        "customer k2: no more",
        "customer k3: new, d",
        "tenantId: none -> t",
        "excluded path /a: no more",
        "excluded path /b: new",
        "declaration of /g: new",
    ]
    assert rest[-1].startswith("warning: 2026-01-01T00:00:00.000Z lies in the past")


def test_a_new_version_is_compared_with_what_would_be_in_force() -> None:
    """One that lies ahead changes no replay of what was."""
    before = configuration({})
    after = configuration({}, {"effectiveFrom": LATER, "billServerErrors": False})
    assert said(before, after) == [
        "version from 2027-01-01T00:00:00.000Z: new",
        "billServerErrors: true -> false",
    ]
    assert said(after, before) == [
        "version from 2027-01-01T00:00:00.000Z: taken away",
        "billServerErrors: false -> true",
    ]


def test_sources_that_come_and_go_are_said() -> None:
    """With their log groups: a name alone tells nobody what is metered no more."""

    def listening(*sources: dict[str, str]) -> Configuration:
        versions = [{"effectiveFrom": THEN, "meters": [METER]}]
        return read_configuration(json.dumps({"sources": sources, "versions": versions}).encode())

    one = {"name": "one", "logGroup": "/one", "kind": "access"}
    two = {"name": "two", "logGroup": "/two", "kind": "execution"}
    assert said(listening(one), listening(two, {**one, "stage": "prod"})) == [
        "source one: stage none -> prod",
        "source two: new, execution log /two",
    ]
    assert said(listening(one, two), listening(one)) == ["source two: no more, /two"]


def test_requests_that_would_be_billed_no_more_are_said() -> None:
    """The default is in force since ever; a first document often is not."""
    found = said(default_configuration(), configuration({}))
    assert "requests from then on are quarantined (no_configuration)" in found


versions = st.fixed_dictionaries(
    {"effectiveFrom": st.sampled_from([THEN, LATER])},
    optional={
        "customers": st.dictionaries(st.sampled_from("kl"), st.sampled_from("ab")),
        "excludedPaths": st.lists(st.sampled_from(["/a", "/b"]), unique=True),
        "excludedStatuses": st.lists(st.sampled_from([404, 500]), unique=True),
        "billServerErrors": st.booleans(),
        "tenantId": st.sampled_from([None, "t"]),
        "accessLogs": st.dictionaries(
            st.sampled_from(["/g", "/h"]), st.sampled_from([{}, {"stage": "s"}])
        ),
        "meters": st.sampled_from([[METER], [{**METER, "apiIds": ["b", "a"]}]]),
    },
)
documents = st.lists(versions, min_size=1, max_size=2, unique_by=lambda one: one["effectiveFrom"])


def normal(found: Configuration) -> list[Any]:
    """Whatever the order of versions and of what is excluded."""
    return sorted(
        (
            one.effective_from_ms,
            repr(
                one.model_copy(
                    update={
                        "excluded_paths": sorted(one.excluded_paths),
                        "excluded_statuses": sorted(one.excluded_statuses),
                        "customers": dict(sorted(one.customers.items())),
                        "access_logs": dict(sorted(one.access_logs.items())),
                    }
                )
            ),
        )
        for one in found.versions
    )


@given(documents, documents)
def test_something_is_said_of_every_change_and_nothing_where_there_is_none(
    one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    """An order that changes no bill is no change."""
    before, after = configuration(*one), configuration(*other)
    assert bool(said(before, after)) == (normal(before) != normal(after))


@given(documents)
def test_the_order_of_versions_is_no_change(versions: list[dict[str, Any]]) -> None:
    """As metering has it."""
    assume(len(versions) > 1)
    assert said(configuration(*versions), configuration(*versions[::-1])) == []
