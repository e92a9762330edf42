"""The second witness: each hour, what CloudWatch counted against the requests of the log.

The audit's windows come in, and `AWS/ApiGateway Count`; what was counted and not logged leaves, by
source and hour, kept beside the windows (`audits/<source>/<yyyy-mm-dd>/witness-<hh>.json`). AWS
documents what writes neither a log line nor this metric (413, 431, excess 429, an unmapped domain's
4xx, API Gateway's own 5xx): nothing of it is in either figure, so nothing is subtracted.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from functions.adapters.json_lines import list_names
from functions.audit.sources.logged_hour import LoggedHours
from functions.audit.sources.stage_counts import Stage, StageCounts
from functions.audit.sources.witnessed_hour import (
    Uncompared,
    WitnessedHour,
    witness_name,
    witness_prefix,
)
from functions.audit.watched_source import WatchedSource
from functions.audit.window import days_between
from functions.usage.moment import HOUR_MS

# The last window of an hour is counted 10 to 15 minutes after its end; and CloudWatch is done, too.
SETTLED_MS = 25 * 60_000
HOURS_BACK = 6  # so long it waits for windows that the audit is late with

type StagesOf = Mapping[str, frozenset[Stage]]


class HourWitness(NamedTuple):
    """`stages_of` are the stages that write into a source's log, as far as anybody knows."""

    counts: StageCounts
    log: LoggedHours
    stages_of: Callable[[WatchedSource], Iterable[Stage]]

    def look(self, sources: Sequence[WatchedSource], now: datetime) -> list[WitnessedHour]:
        """The hours that are over, all counted by the audit, and were not looked at before."""
        logged = self._logged(sources, now)
        if not logged:
            return []
        stages = {one.name: frozenset(self.stages_of(one)) for one in sources}
        names = self.counts.api_names()
        found = [
            one
            for hour, requests in sorted(logged.items())
            for one in self._compared(hour, requests, stages, names)
        ]
        for one in found:
            self._keep(one)
        return found

    def _logged(self, sources: Sequence[WatchedSource], now: datetime) -> dict[int, dict[str, int]]:
        """By the hour's beginning and the source: the requests of its log."""
        last = (int(now.timestamp() * 1000) - SETTLED_MS) // HOUR_MS * HOUR_MS
        hours = range(last - HOURS_BACK * HOUR_MS, last, HOUR_MS)
        found: dict[int, dict[str, int]] = {}
        for source in sources:
            known = self._known(source.name, hours)
            for hour in hours:
                if witness_name(source.name, hour) in known:
                    continue
                requests = self.log.requests(source.name, hour)
                if requests is not None:
                    found.setdefault(hour, {})[source.name] = requests
        return found

    def _known(self, source: str, hours: range) -> set[str]:
        days = days_between(hours.start, hours.stop)
        prefixes = [witness_prefix(source, day) for day in days]
        s3, bucket = self.log.store
        return {name for one in prefixes for name in list_names(s3, bucket, one)}

    def _compared(
        self, hour: int, requests: Mapping[str, int], stages: StagesOf, names: Mapping[str, str]
    ) -> Iterator[WitnessedHour]:
        """Sources of one stage are compared together: a request is in one of their logs."""
        faults = {name: _fault(stages[name], names) for name in requests}
        asked = {stage for name in requests if not faults[name] for stage in stages[name]}
        counted = self.counts.of_hour(hour, {stage: names[stage[0]] for stage in asked})
        for name, served in requests.items():
            mates = [one for one in stages if stages[one] & stages[name]]
            if faults[name]:
                yield WitnessedHour(name, hour, served, None, faults[name])
            elif all(one in requests for one in mates):  # else one of them is not counted yet
                logged = sum(requests[one] for one in mates)
                count = sum(counted.get(stage, 0) for stage in stages[name])
                yield WitnessedHour(name, hour, logged, count)

    def _keep(self, one: WitnessedHour) -> None:
        body = json.dumps({"version": 1, **one.as_json()}).encode()
        s3, bucket = self.log.store
        s3.put_object(Bucket=bucket, Key=witness_name(one.source, one.hour_ms), Body=body)


def _fault(stages: frozenset[Stage], names: Mapping[str, str]) -> Uncompared | None:
    if not stages:
        return Uncompared.STAGE_UNKNOWN
    if any(api not in names for api, _ in stages):
        return Uncompared.API_GONE
    times = Counter(names.values())
    shared = any(times[names[api]] > 1 for api, _ in stages)
    return Uncompared.NAME_SHARED if shared else None
