"""Why a request cannot be billed: its first fault comes in, all of them leave in one detail.

A format is changed once, and not once for each fact that it lacks. Each fault says what to add to
the format, and whether a configuration cures it too. Only what is refused comes here.
"""

from collections.abc import Iterator
from dataclasses import replace

from functions.metering.billing.exclusions import NO_STATUS
from functions.metering.billing.measuring import measured
from functions.metering.billing.payer import payer_fault
from functions.metering.billing.request_identity import identity_of
from functions.metering.configuration.version import CompiledVersion
from functions.metering.request import Request
from functions.usage.outcome import Quarantined

NO_TIME = Quarantined(
    "no_time",
    'requestTimeEpoch must be there: add "requestTimeEpoch":"$context.requestTimeEpoch" to the '
    "format; or declare fields in accessLogs, and the log event's own time counts",
)
_OF_TIME = frozenset({"no_time", "bad_time"})
_OF_STATUS = frozenset({"no_status", "bad_status"})
# Of any other fault nobody knows what the rest of the line is worth.
_OF_FACTS = _OF_TIME | _OF_STATUS | {"no_request_identity"}


def refused(
    request: Request, why: Quarantined, version: CompiledVersion | None = None
) -> Quarantined:
    """`why`, and whatever else refuses the request; without a version, as far as that is known."""
    if why.reason not in _OF_FACTS:
        return why
    details = dict.fromkeys(fault.detail for fault in _faults(request, why, version))
    return replace(why, detail="; and ".join(details))


def _faults(
    request: Request, why: Quarantined, version: CompiledVersion | None
) -> Iterator[Quarantined]:
    yield why
    said = why.detail
    if request.time_ms is None and why.reason not in _OF_TIME:
        yield NO_TIME
    if request.status is None and why.reason not in _OF_STATUS and "status is not" not in said:
        yield NO_STATUS
    identity = identity_of(request)
    if isinstance(identity, Quarantined):
        yield identity
    payer = payer_fault(request, version)
    if payer is not None:
        yield payer
    for meter in version.meters_for(request.api_id) if version else ():
        found = measured(request, meter)
        if isinstance(found, Quarantined):
            yield found
