"""The short cut for the common line: its event is cast, not built.

Requests of one shape (API, stage, method, route, status, labels) differ in few values, so a shape
has a mould. Guaranteed, and held by a property test: a line is cast into byte for byte what the
long way gives, or not at all. It costs less than half of the long way.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple, cast

from functions.metering.access.format_v1 import MILLISECOND_DIGITS, read_fields
from functions.metering.billing.decide import exclusion, verified_customer
from functions.metering.configuration.version import Version
from functions.metering.event_mould import Mould, mould_of
from functions.metering.line_text import ABSENT
from functions.metering.request import Request
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Excluded, Quarantined
from functions.usage.trace_context import valid_traceparent

# Far more than a deployment has routes and statuses: made-up ones cannot fill the memory.
SHAPES = 1024
CUSTOMERS = 65_536
# Below the ceilings of `access_log`: longer figures take the long way.
_BYTES_DIGITS = 12
_LATENCY_DIGITS = 6

_SHAPE = itemgetter(
    "v", "accountId", "apiId", "stage", "httpMethod", "resourcePath", "status", "errorType"
)
_CUSTOMER = itemgetter("customerId", "apiKeyId", "tenantId")
_VALUES = itemgetter(
    "extendedRequestId",
    "requestId",
    "requestTimeEpoch",
    "responseLength",
    "responseLatency",
    "traceparent",
)


class Cast(NamedTuple):
    """The events of one billable request, as JSON texts."""

    event_texts: Sequence[str]
    time_ms: int


# Each with the key of the line that holds its quantity, if one does.
type Casters = tuple[tuple[Mould, str | None], ...]

# What no shape is made of: its moulds are at least one.
_UNSEEN: Casters = ()
# A mould that has no gap for a quantity of the line takes none.
_NO_QUANTITY = ""

type Shape = tuple[str, ...]


class Moulds:
    """The moulds for one version of the configuration, made as shapes turn up."""

    def __init__(self, version: Version, until_ms: int, region: str) -> None:
        self.version = version
        self.until_ms = until_ms  # when the next version comes into force
        self._region = region
        self._since_ms = version.effective_from_ms
        self._counts_bytes = any(meter.counts_bytes for meter in version.meters)
        # What meters write into metadata is part of a shape: models, not ids.
        self._labels = sorted({key for meter in version.meters for key in meter.metadata.values()})
        self._shapes: dict[Shape, Casters | Excluded | None] = {}
        self._customers: dict[tuple[str, ...], str | None] = {}

    def cast(self, fields: Mapping[str, str], latest_ms: int) -> Cast | Excluded | None:
        """What becomes of a plain line that is younger than `latest_ms`; None: go the long way."""
        try:
            shape, who = _SHAPE(fields), _CUSTOMER(fields)
            if self._labels:
                shape += tuple(fields[key] for key in self._labels)
            extended_request_id, request_id, time, size, latency, trace = _VALUES(fields)
        except KeyError:
            return None
        if not (
            _is_regular(time, size, latency)
            and ABSENT.isdisjoint((extended_request_id, request_id))
        ):
            return None
        time_ms = int(time)
        if not self._since_ms <= time_ms < self.until_ms or time_ms > latest_ms:
            return None
        moulds = self._shapes.get(shape, _UNSEEN)
        if moulds is _UNSEEN:
            moulds = self._made(shape, fields)
        if not isinstance(moulds, tuple):
            return moulds
        customer = self._customers.get(who, "")
        if customer == "":
            customer = self._known(who, fields)
        if customer is None or (self._counts_bytes and size == "0"):
            return None
        values = (
            customer,
            iso_from_epoch_ms(time_ms),
            extended_request_id,
            request_id,
            size,
            latency,
            f'"{trace}"' if trace != "-" and valid_traceparent(trace) else "null",
            _NO_QUANTITY,
        )
        return _cast(moulds, fields, extended_request_id, values, time_ms)

    def _known(self, who: tuple[str, ...], fields: Mapping[str, str]) -> str | None:
        request = read_fields(fields, self._region)
        if not isinstance(request, Request) or len(self._customers) >= CUSTOMERS:
            return None
        customer = verified_customer(request, self.version)
        self._customers[who] = customer if isinstance(customer, str) else None
        return self._customers[who]

    def _made(self, shape: Shape, fields: Mapping[str, str]) -> Casters | Excluded | None:
        if len(self._shapes) >= SHAPES:
            return None
        self._shapes[shape] = self._moulds_of(read_fields(fields, self._region))
        return self._shapes[shape]

    def _moulds_of(self, request: Request | Quarantined) -> Casters | Excluded | None:
        if isinstance(request, Quarantined) or request.fault is not None:
            return None
        outcome = exclusion(request, self.version)
        if outcome is not None:
            return outcome if isinstance(outcome, Excluded) else None
        made = [
            (mould_of(request, meter), meter.quantity_key)
            for meter in self.version.meters_for(request.api_id)
        ]
        return None if any(mould is None for mould, _ in made) else cast("Casters", tuple(made))


def _cast(
    moulds: Casters,
    fields: Mapping[str, str],
    extended_request_id: str,
    values: tuple[str, ...],
    time_ms: int,
) -> Cast | None:
    texts = []
    for mould, key in moulds:
        if key is not None:
            quantity = fields.get(key, "")
            if not _is_count(quantity):
                return None
            values = (*values[:-1], quantity)
        texts.append(mould.cast(extended_request_id, values))
    return Cast(texts, time_ms)


def _is_count(text: str) -> bool:
    """A whole number above zero that JSON writes as it stands."""
    return 0 < len(text) <= _BYTES_DIGITS and text.isdigit() and text[0] != "0"


def _is_regular(time: str, size: str, latency: str) -> bool:
    """Three numbers that `access_log` takes as they stand and JSON writes as they stand. The line
    is ASCII: digits are 0 to 9.
    """
    return (
        len(time) == MILLISECOND_DIGITS
        and (0 < len(size) <= _BYTES_DIGITS and (size[0] != "0" or size == "0"))
        and (0 < len(latency) <= _LATENCY_DIGITS and (latency[0] != "0" or latency == "0"))
        and (time + size + latency).isdigit()
    )
