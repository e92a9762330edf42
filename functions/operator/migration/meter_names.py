"""What the other side calls what it bills -> our meter."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from functions.metering.configuration.version import Configuration
from functions.operator.explain.bad_input import BadInputError


class MeterNames(NamedTuple):
    """`told` goes before what the configuration says. `only`: the meter of rows that name none."""

    told: Mapping[str, str]
    known: Mapping[str, str]
    only: str | None

    def meter_of(self, metric: str) -> str:
        """A metric that is nobody's keeps its name: it is a line of its own."""
        if metric:
            return self.told.get(metric) or self.known.get(metric, metric)
        if self.only is None:
            raise BadInputError(
                "metricName: missing, and there are several meters: name a field metricName"
            )
        return self.only

    def is_known(self, metric: str) -> bool:
        """Whether somebody said which meter it is."""
        return not metric or metric in self.told or metric in self.known


def meter_names(configuration: Configuration, pairs: Iterable[str]) -> MeterNames:
    """By id and by Aforo's name, in any version; `pairs` are THEIRS=OURS."""
    meters = {meter.id: meter for version in configuration.versions for meter in version.meters}
    known = {meter.metric_name: meter.id for meter in meters.values()}
    told = dict(map(_pair, pairs))
    for meter in told.values():
        if meter not in meters:
            ids = ", ".join(sorted(meters))
            raise BadInputError(f"--metric: {meter} is no meter of the configuration: {ids}")
    # An id outweighs a name: it is one meter's for ever.
    by_name = known | {meter: meter for meter in meters}
    return MeterNames(told, by_name, next(iter(meters)) if len(meters) == 1 else None)


def _pair(text: str) -> tuple[str, str]:
    theirs, separator, ours = text.rpartition("=")
    if not (separator and theirs and ours):
        raise BadInputError(f"--metric: {text}: write THEIRS=OURS, as api_calls=api_calls")
    return theirs, ours
