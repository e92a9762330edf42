"""Requests that are not billed come in; the formats of their lines leave, each with its reasons.

Bounded: of the first so many formats the names of the keys are kept, of the rest the number of
lines. No value of a line is.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from functions.metering.configuration.version import Configuration
from functions.metering.request import Request
from functions.operator.explain.advice.line_shape import LineShape, shape_of
from functions.operator.explain.explanation import Explained
from functions.usage.outcome import Quarantined

# More than a log group has, and a person reads.
FORMATS = 20
# What the format, a declaration or the customer map cures.
_CURABLE = frozenset(
    {
        "bad_status",
        "bad_time",
        "invalid_json",
        "no_customer",
        "no_payer_key",
        "no_request_identity",
        "no_status",
        "no_time",
        "tamper",
        "undeclared_customer",
        "unknown_format",
        "unsupported_api",
    }
)


@dataclass(slots=True)
class FoundFormat:
    """One format: its lines that are not billed, by reason."""

    shape: LineShape
    log_group: str
    reasons: Counter[str] = field(default_factory=Counter)
    has_unmapped_payer: bool = False

    @property
    def lines(self) -> int:
        return self.reasons.total()


class FormatTable:
    """The formats in one log."""

    def __init__(self, configuration: Configuration) -> None:
        self._mapped = frozenset[str]().union(*(each.customers for each in configuration.versions))
        self._formats: dict[object, FoundFormat] = {}
        self.others = 0  # lines of formats beyond the first so many

    def add(self, one: Explained) -> None:
        """A request of an access log; what is billed or excluded changes nothing."""
        why = one.billing
        if not isinstance(why, Quarantined) or why.reason not in _CURABLE or one.line is None:
            return
        shape = shape_of(one.line)
        if shape is None:
            return
        key = one.log_group, shape.key
        if key not in self._formats and len(self._formats) >= FORMATS:
            self.others += 1
            return
        found = self._formats.setdefault(key, FoundFormat(shape, one.log_group))
        found.reasons[why.reason] += 1
        found.has_unmapped_payer |= self._is_unmapped(one.request)

    def _is_unmapped(self, request: Request | None) -> bool:
        """Whether the customer map would have to say whose identity it is."""
        if request is None or request.customer_id is not None or request.api_key_id is None:
            return False
        return request.api_key_id not in self._mapped

    def __iter__(self) -> Iterator[FoundFormat]:
        """The one with the most lines first."""
        return iter(sorted(self._formats.values(), key=lambda one: -one.lines))
