"""Which configuration was deployed when: S3's versions of the document come in, usable ones leave,
with the time since when each has been the newest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from functions.metering.configuration.document_reading import ConfigurationError
from functions.metering.configuration.stored import FRESH_SECONDS
from functions.metering.configuration.version import Configuration
from functions.operator.configuration_commands.configuration_store import ConfigurationStore
from functions.usage.moment import iso_from_epoch_ms


@dataclass(frozen=True, slots=True)
class DeployedConfiguration:
    """`version_id` None: the default, where nothing was put. `since` None: since ever, or since
    before the oldest version that S3 was asked for.
    """

    configuration: Configuration
    version_id: str | None
    since: datetime | None

    def row(self, use: str, request_ms: int | None) -> dict[str, object]:
        """As it is shown: which document, and which version in it is of the request's time."""
        version = None if request_ms is None else self.configuration.in_force(request_ms)
        return {
            "use": use,
            "versionId": self.version_id or "the default",
            "deployedSince": f"{self.since:%Y-%m-%dT%H:%M:%SZ}" if self.since else None,
            "effectiveFrom": iso_from_epoch_ms(version.effective_from_ms) if version else None,
        }


class DeployedConfigurations:
    """The last versions of one store, each read once and only when it is asked for."""

    def __init__(self, store: ConfigurationStore, at_most: int) -> None:
        self._store = store
        self._at_most = at_most

    @cached_property
    def newest_first(self) -> tuple[DeployedConfiguration, ...]:
        """The usable ones; last the default, if there are no older ones. A deletion takes none of
        them out of use (functions.metering.configuration.stored).
        """
        found = self._store.last(self._at_most)
        deployed = [
            DeployedConfiguration(configuration, stored.version_id, stored.modified)
            for stored in found.newest_first
            if not stored.is_deletion
            and (configuration := self._read(stored.version_id)) is not None
        ]
        if found.is_whole:
            deployed.append(DeployedConfiguration(self._store.reader.default, None, None))
        return tuple(deployed)

    @cached_property
    def now(self) -> DeployedConfiguration:
        """What metering bills by, by its own rule."""
        in_force = self._store.in_force()
        since = next(
            (one.since for one in self.newest_first if one.version_id == in_force.version_id), None
        )
        return DeployedConfiguration(in_force.configuration, in_force.version_id, since)

    def at(self, moment: datetime) -> DeployedConfiguration | None:
        """What metering used then. None: S3 was asked for too few versions."""
        for one in self.newest_first:
            if one.since is None or one.since <= moment:
                return one
        return None

    def was_just_changed(self, moment: datetime) -> bool:
        """Whether a process of metering may not yet have read what stood there then."""
        fresh = timedelta(seconds=FRESH_SECONDS)
        times = [one.since for one in self.newest_first if one.since is not None]
        return any(since <= moment < since + fresh for since in times)

    def each(self) -> Iterator[Configuration]:
        """All documents that differ from the one after them."""
        every = [self.now, *self.newest_first]
        for one, older in pairwise([*every, None]):
            if one is not None and (older is None or one.configuration != older.configuration):
                yield one.configuration

    def _read(self, version_id: str) -> Configuration | None:
        try:
            return self._store.reader.read(self._store.read(version_id).document)
        except ConfigurationError:
            return None
