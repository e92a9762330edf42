"""A request's lines come in; every event key under which anybody may have billed it leaves."""

from collections.abc import Iterable

from functions.metering.configuration.version import Configuration
from functions.operator.explain.explanation import ExplainTerms
from functions.operator.trace.logged_request import LoggedRequest


def known_keys(
    logged: Iterable[LoggedRequest], configurations: Iterable[Configuration], terms: ExplainTerms
) -> frozenset[str]:
    """Those of the events that any of these configurations makes; and those of each of their
    meters, should the request be billed by none of them any more.
    """
    every = list(configurations)
    meters = meters_of(every)
    keys: set[str] = set()
    for request in logged:
        for configuration in every:
            again = request.metered_by(configuration, terms)
            keys |= {event["idempotencyKey"] for event in again.events}
        if request.identity is not None:
            keys |= {request.identity.event_key(meter) for meter in meters}
    return frozenset(keys)


def meters_of(configurations: Iterable[Configuration]) -> frozenset[str]:
    """The ids of all meters in all versions."""
    versions = (version for one in configurations for version in one.versions)
    return frozenset(meter.id for version in versions for meter in version.meters)
