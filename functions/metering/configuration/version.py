"""The configuration of metering: what is counted, who an API key is, what is not billed, and when.

A versioned document, so that a request is billed by what was in force when it was made: a replay
months later gives the same customer and the same event (architecture.md 1). Validated whole, or
refused.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from functions.metering.configuration.access_log_declaration import AccessLogDeclaration, LogGroup
from functions.metering.configuration.document import Document
from functions.metering.configuration.meter import CompiledMeter, Meter, Name
from functions.metering.configuration.source_declaration import (
    MOST_SOURCES,
    SourceDeclaration,
    contradictions,
)
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.quota import CUSTOMER_ID, somebody

# What Aforo's gateways leave out (aforo-contract.md 1.3).
EXCLUDED_PATHS = ("/health", "/ready", "/metrics", "/favicon.ico")
EXCLUDED_STATUSES = (401, 403, 429)


type CustomerId = Annotated[
    str, StringConstraints(pattern=rf"^{CUSTOMER_ID.pattern}\z"), AfterValidator(somebody)
]
type Path = Annotated[str, StringConstraints(pattern=r"^/[^\x00-\x1f]+\z", max_length=2048)]
type Status = Annotated[int, Field(ge=100, le=599, strict=True)]


class Version(Document):
    """What is in force from a moment until the next version's."""

    effective_from: AwareDatetime
    meters: tuple[Meter, ...] = Field(min_length=1, max_length=20)
    customers: dict[Name, CustomerId] = Field(default_factory=dict)  # by API key id, never by key
    tenant_id: Name | None = None  # a line of another tenant is quarantined
    excluded_paths: tuple[Path, ...] = EXCLUDED_PATHS
    excluded_statuses: frozenset[Status] = frozenset(EXCLUDED_STATUSES)
    exclude_backend_statuses: bool = False  # excluded_statuses means the backend's answers too
    bill_server_errors: bool = True
    access_logs: dict[LogGroup, AccessLogDeclaration] = Field(default_factory=dict)  # foreign ones

    @field_validator("meters")
    @classmethod
    def _each_meter_once(cls, meters: tuple[Meter, ...]) -> tuple[Meter, ...]:
        ids = [meter.id for meter in meters]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"two meters have one id, {twice[0]}: give each its own")
        return meters

    @cached_property
    def effective_from_ms(self) -> int:
        return epoch_ms_from_iso(self.effective_from.isoformat())

    @cached_property
    def compiled(self) -> "CompiledVersion":
        scopes = [meter.api_ids for meter in self.meters]
        return CompiledVersion(
            meters=tuple(meter.compiled for meter in self.meters),
            scopes=tuple(scopes) if any(scopes) else (),
            customers=self.customers,
            tenant_id=self.tenant_id,
            excluded_folders=tuple(f"{path.rstrip('/')}/" for path in self.excluded_paths),
            excluded_statuses=self.excluded_statuses,
            exclude_backend_statuses=self.exclude_backend_statuses,
            bill_server_errors=self.bill_server_errors,
        )


@dataclass(frozen=True, slots=True)
class CompiledVersion:
    """A version as billing asks it, for each request: a model's attribute takes ten times as long.
    `scopes`: the APIs of each meter; nothing where every meter counts all of them.
    """

    meters: tuple[CompiledMeter, ...]
    scopes: tuple[frozenset[str], ...]
    customers: Mapping[str, str]
    tenant_id: str | None
    excluded_folders: tuple[str, ...]
    excluded_statuses: frozenset[int]
    exclude_backend_statuses: bool
    bill_server_errors: bool

    def meters_for(self, api_id: str | None) -> tuple[CompiledMeter, ...]:
        """The meters that count requests of an API; all of them where it is not known."""
        if not self.scopes or api_id is None:
            return self.meters
        scoped = zip(self.meters, self.scopes, strict=True)
        return tuple(meter for meter, scope in scoped if not scope or api_id in scope)

    def excludes_path(self, path: str) -> bool:
        """On path boundaries: `/health` excludes `/health/live`, not `/healthcare`."""
        return f"{path}/".startswith(self.excluded_folders)


class Configuration(Document):
    """Every version there is, in any order; and the sources, which have no effective dates."""

    sources: tuple[SourceDeclaration, ...] = Field(default=(), max_length=MOST_SOURCES)
    versions: tuple[Version, ...] = Field(min_length=1)

    @field_validator("sources")
    @classmethod
    def _agree(cls, sources: tuple[SourceDeclaration, ...]) -> tuple[SourceDeclaration, ...]:
        if complaints := list(contradictions(sources)):
            raise ValueError("; ".join(complaints))
        return sources

    @model_validator(mode="after")
    def _are_read_as_what_they_are(self) -> "Configuration":
        for version in self.versions:
            for group, declared in version.access_logs.items():
                source = self.source_of(group)
                if why := source and source.misread_by(declared.api_id, declared.stage):
                    raise ValueError(f"accessLogs: {group}: {why}")
        return self

    def source_of(self, log_group: str) -> SourceDeclaration | None:
        """None: nobody declared the log group."""
        return self._by_group.get(log_group)

    @cached_property
    def _by_group(self) -> dict[str, SourceDeclaration]:
        return {source.log_group: source for source in self.sources}

    @field_validator("versions")
    @classmethod
    def _each_moment_once(cls, versions: tuple[Version, ...]) -> tuple[Version, ...]:
        if len({version.effective_from_ms for version in versions}) != len(versions):
            raise ValueError("two versions have one effectiveFrom: give each its own moment")
        return versions

    @cached_property
    def _in_order(self) -> tuple[list[int], list[Version]]:
        """When each comes into force, and they themselves."""
        versions = sorted(self.versions, key=lambda version: version.effective_from_ms)
        return [version.effective_from_ms for version in versions], versions

    def in_force(self, epoch_ms: int) -> Version | None:
        """The version of a moment; None before the first."""
        starts, versions = self._in_order
        index = bisect_right(starts, epoch_ms)
        return versions[index - 1] if index else None

    def declares(self, log_group: str) -> bool:
        """Whether some version says what the log group's lines are."""
        return any(log_group in version.access_logs for version in self.versions)
