"""What CloudWatch counted of a source's stage in an hour, against the requests of its log."""

from enum import StrEnum
from typing import NamedTuple

from functions.audit.window import day_prefix
from functions.usage.moment import iso_from_epoch_ms

# An integration lasts 29 s at most: so late is the line of a request that was counted, 0.8 % of an
# hour's requests at an even pace.
_BORDER_SHARE, _BORDER_REQUESTS = 0.01, 5


class Uncompared(StrEnum):
    """Why CloudWatch's count says nothing of a source. audit-parameters.md says what to do."""

    STAGE_UNKNOWN = "stage_unknown"  # nobody says whose log it is
    API_GONE = "api_gone"
    NAME_SHARED = "name_shared"  # CloudWatch counts two APIs of one name as one


class WitnessedHour(NamedTuple):
    """`requests` are those of the log, of all sources of its stages. `counted` is None where it
    would say nothing: `why`.
    """

    source: str
    hour_ms: int
    requests: int
    counted: int | None
    why: Uncompared | None = None

    @property
    def hour(self) -> str:
        """As the ledger names it: `2026-11-29T10`, UTC."""
        return iso_from_epoch_ms(self.hour_ms)[:13]

    @property
    def not_logged(self) -> int:
        """Counted, and in no line of the log: more of them than stand at the hour's borders."""
        counted = self.counted or 0
        missing = counted - self.requests
        return missing if missing > max(_BORDER_REQUESTS, _BORDER_SHARE * counted) else 0

    def as_json(self) -> dict[str, object]:
        """As it is kept; what is not known is left out."""
        said = {
            "source": self.source,
            "hour": self.hour,
            "requests": self.requests,
            "counted": self.counted,
            "notLogged": None if self.counted is None else self.not_logged,
            "why": self.why,
        }
        return {name: one for name, one in said.items() if one is not None}


def witness_prefix(source: str, at_ms: int) -> str:
    """Of the results of a source and the UTC day of `at_ms`; no window's name begins so."""
    return f"{day_prefix(source, at_ms)}witness-"


def witness_name(source: str, hour_ms: int) -> str:
    """Where the result of an hour stands."""
    return f"{witness_prefix(source, hour_ms)}{iso_from_epoch_ms(hour_ms)[11:13]}.json"
