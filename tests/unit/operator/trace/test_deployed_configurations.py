"""Which configuration was deployed at a moment, told from the versions that S3 keeps."""

import json
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from functions.metering.configuration.deployed_sources import ConfigurationReader
from functions.metering.configuration.stored_versions import StoredVersion, StoredVersions
from functions.operator.configuration_commands.configuration_store import (
    ConfigurationStore,
    InForce,
    ReadVersion,
)
from functions.operator.trace.deployed_configurations import DeployedConfigurations

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
READER = ConfigurationReader()


def document(name: str) -> bytes:
    meters = [{"id": name, "metricName": name}]
    return json.dumps(
        {"versions": [{"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters}]}
    ).encode()


class Kept:
    """The store of a bucket that has these documents, oldest first and an hour apart; None is a
    deletion.
    """

    reader = READER

    def __init__(self, *documents: bytes | None, is_whole: bool = True) -> None:
        self._documents = documents
        self._is_whole = is_whole

    def last(self, at_most: int) -> StoredVersions:
        found = [
            StoredVersion(f"v{number}", NOON + number * HOUR, one is None, is_latest=False)
            for number, one in enumerate(self._documents)
        ]
        return StoredVersions(tuple(reversed(found))[:at_most], self._is_whole)

    def read(self, version_id: str) -> ReadVersion:
        return ReadVersion(self._documents[int(version_id[1:])] or b"", None)

    def in_force(self) -> InForce:
        return InForce(READER.default, None, None, "the default")


def deployed(*documents: bytes | None, is_whole: bool = True) -> DeployedConfigurations:
    kept = cast("ConfigurationStore", Kept(*documents, is_whole=is_whole))
    return DeployedConfigurations(kept, 20)


@pytest.mark.parametrize(
    ("hours", "version"), [(-1, None), (0, "v0"), (0.5, "v0"), (1, "v0"), (2, "v2"), (9, "v2")]
)
def test_the_newest_usable_version_before_a_moment_billed_it(
    hours: float, version: str | None
) -> None:
    """A bad one and a deletion take none out of use; before the first: the default."""
    found = deployed(document("a"), b"{", document("b"), None).at(NOON + hours * HOUR)
    assert found is not None
    assert found.version_id == version


def test_older_than_what_was_read_is_not_known() -> None:
    """Rather than the default."""
    assert deployed(document("a"), is_whole=False).at(NOON - HOUR) is None


def test_a_process_may_bill_by_the_version_before_for_a_minute() -> None:
    """It asks S3 once a minute."""
    found = deployed(document("a"), document("b"))
    seconds = [(59, True), (61, False), (-1, False)]
    for after, expected in seconds:
        moment = NOON + HOUR + timedelta(seconds=after)
        assert found.was_just_changed(moment) is expected


def test_the_same_document_put_again_is_metered_by_once() -> None:
    """Each that differs, the newest first."""
    every = deployed(document("a"), document("b"), document("b")).each()
    meters = [one.versions[0].meters[0].id for one in every]
    assert meters == ["api_calls", "b", "a", "api_calls"]
