"""Which configuration is in force: the newest usable version, whoever asks, whenever it starts."""

import json
from typing import Any

import pytest

from functions.adapters.telemetry import Telemetry
from functions.metering.configuration.stored import FRESH_SECONDS, ConfigurationSource
from functions.metering.configuration.version import Configuration
from functions.usage.errors import Retryable
from tests.fakes.settable_clock import SettableClock
from tests.fakes.versioned_object import FIRST_PUT, VersionedObject

KEY = "configuration/metering.json"
BAD = b'{"versions": []}'


def document(metric: str) -> bytes:
    meter = {"id": "api_calls", "metricName": metric}
    version = {"effectiveFrom": "2026-01-01T00:00:00Z", "meters": [meter]}
    return json.dumps({"versions": [version]}).encode()


class Process:
    """One of metering, which reads the object when it must."""

    def __init__(self, stored: VersionedObject) -> None:
        self.clock = SettableClock(0)
        self.telemetry = Telemetry("metering")
        client: Any = stored
        self.source = ConfigurationSource(
            client, "bucket", KEY, telemetry=self.telemetry, clock=self.clock
        )

    def metric(self) -> str:
        """What its configuration calls the one meter."""
        return _metric_of(self.source.current())

    def after_a_minute(self) -> str:
        self.clock.advance(FRESH_SECONDS)
        return self.metric()


def _metric_of(configuration: Configuration) -> str:
    (version,) = configuration.versions
    return version.meters[0].metric_name


@pytest.fixture
def stored() -> VersionedObject:
    return VersionedObject(KEY)


def test_it_is_read_at_most_once_a_minute_and_then_only_if_it_changed(
    stored: VersionedObject,
) -> None:
    """A busy process costs one conditional call a minute, and is a minute late at most."""
    stored.put(document("A"))
    process = Process(stored)
    assert [process.metric(), process.metric()] == ["A", "A"]
    stored.put(document("B"))
    process.clock.advance(59.9)
    assert process.metric() == "A"
    process.clock.advance(0.1)
    assert process.metric() == "B"
    assert process.after_a_minute() == "B"
    assert stored.reads == ["", "v0", "v1"]


@pytest.mark.parametrize(
    "bad", [BAD, document("twice").replace(b'"metricName"', b'"metricName": "A", "metricName"')]
)
def test_a_bad_version_changes_nothing_for_who_runs_and_for_who_starts(
    stored: VersionedObject, capsys: pytest.CaptureFixture[str], bad: bytes
) -> None:
    """Both bill by the newest usable one, and a person is told at each try."""
    stored.put(document("old"))
    stored.put(document("good"))
    running = Process(stored)
    assert running.metric() == "good"
    stored.put(bad)
    stored.put(bad)
    assert [running.after_a_minute(), Process(stored).metric()] == ["good", "good"]
    running.telemetry.flush()
    assert '"ConfigurationRefused":1' in capsys.readouterr().out


def test_a_bad_first_version_bills_nobody(stored: VersionedObject) -> None:
    """Also where the default was in use until then: somebody wants other rules."""
    running = Process(stored)
    assert running.metric() == "API Calls"
    stored.put(BAD)
    for process in (running, Process(stored)):
        process.clock.advance(FRESH_SECONDS)
        with pytest.raises(Retryable, match=r"configuration/metering\.json"):
            process.metric()


def test_a_first_version_that_was_bad_and_is_deleted_is_as_if_it_never_was(
    stored: VersionedObject,
) -> None:
    """The remedy that a person thinks of first works."""
    stored.put(BAD)
    stored.put(None)
    assert Process(stored).metric() == "API Calls"


def test_a_good_version_that_is_deleted_stays_in_force(stored: VersionedObject) -> None:
    """A slip of the hand in the console does not change what anybody pays."""
    stored.put(document("good"))
    running = Process(stored)
    assert running.metric() == "good"
    stored.put(None)
    assert [running.after_a_minute(), Process(stored).metric()] == ["good", "good"]


def test_deleted_with_more_versions_than_are_looked_at_is_not_the_default(
    stored: VersionedObject,
) -> None:
    """Behind twenty bad ones there may be a good one."""
    stored.put(document("good"))
    for _ in range(25):
        stored.put(BAD)
    stored.put(None)
    with pytest.raises(Retryable):
        Process(stored).metric()


def test_an_s3_that_does_not_answer_keeps_what_is_in_use(stored: VersionedObject) -> None:
    """And a process that starts bills nobody: the default is no answer to an outage."""
    stored.put(document("good"))
    running = Process(stored)
    assert running.metric() == "good"
    stored.is_down = True
    assert running.after_a_minute() == "good"
    with pytest.raises(Retryable):
        Process(stored).metric()
    stored.is_down = False
    stored.put(document("new"))
    assert running.after_a_minute() == "new"


def test_another_object_whose_name_begins_so_is_none_of_its_versions(
    stored: VersionedObject,
) -> None:
    """`metering.json.bak` beside it must not bill."""
    stored.put(document("copy"), key=f"{KEY}.bak")
    stored.put(document("good"))
    stored.put(BAD)
    assert Process(stored).metric() == "good"


def test_the_deletion_of_another_object_deletes_nothing(stored: VersionedObject) -> None:
    """A bad version lies on top: nobody is billed by the default because a copy was tidied away."""
    stored.put(BAD)
    stored.put(None, key=f"{KEY}.bak")
    with pytest.raises(Retryable):
        Process(stored).metric()


def test_it_says_since_when_what_it_uses_is_there(stored: VersionedObject) -> None:
    """Of the version in use, not of the bad one above it; never put, nothing."""
    nothing = Process(stored)
    nothing.metric()
    assert nothing.source.since is None
    stored.put(document("good"))
    stored.put(BAD)
    process = Process(stored)
    process.metric()
    assert process.source.since == FIRST_PUT
