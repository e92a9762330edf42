"""boto3's client of CloudWatch Logs: calls come in as our code makes them, of all groups."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.aws.aws_place import AwsCalls, AwsPlace, client_error
from tests.simulation.aws.simulated_log import LogEvent, SimulatedLog

PAGE_EVENTS, LISTED_AT_ONCE = 10_000, 50
FIGURES_LATE_MS = 3_600_000  # a stream's last times are shown up to an hour late (AWS says so)


@dataclass
class LogCalls:
    """Every group is a place of its own. `pages`: how many lines a page has at most."""

    calls: AwsCalls
    groups: dict[str, SimulatedLog] = field(default_factory=dict)
    places: dict[str, AwsPlace] = field(default_factory=dict)
    pages: Callable[[], int] = lambda: PAGE_EVENTS
    destination: str = ""  # the ARN of metering, as a subscription names it

    def add(self, group: SimulatedLog) -> None:
        self.groups[group.name] = group
        self.places[group.name] = AwsPlace(f"log {group.name}", (0.05, 0.25))

    def put_log_events(self, **asked: Any) -> dict[str, Any]:
        def effect(group: SimulatedLog) -> dict[str, Any]:
            for event in asked["logEvents"]:
                group.put(asked["logStreamName"], event["message"], timestamp=event["timestamp"])
            return {}

        return self._call("PutLogEvents", asked["logGroupName"], effect)

    def create_log_stream(self, **asked: Any) -> dict[str, Any]:
        def effect(group: SimulatedLog) -> dict[str, Any]:
            if asked["logStreamName"] in group.streams:
                raise client_error("ResourceAlreadyExistsException", "CreateLogStream")
            group.streams[asked["logStreamName"]] = []
            group.created[asked["logStreamName"]] = group.world.now
            return {}

        return self._call("CreateLogStream", asked["logGroupName"], effect)

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        def effect(group: SimulatedLog) -> dict[str, Any]:
            names = asked.get("logStreamNames", list(group.streams))
            _check_streams(group, names)
            found = group.between(asked.get("startTime", 0), asked["endTime"] + 1, names)
            start = int(asked.get("nextToken", "0"))
            end = min(start + min(self.pages(), asked.get("limit", PAGE_EVENTS)), len(found))
            more = {"nextToken": str(end)} if end < len(found) else {}
            return {"events": [_filtered(one) for one in found[start:end]], **more}

        return self._call("FilterLogEvents", asked["logGroupName"], effect)

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        def effect(group: SimulatedLog) -> dict[str, Any]:
            name = asked["logStreamName"]
            _check_streams(group, [name])
            found = group.between(asked["startTime"], asked["endTime"], [name])
            start = int(asked.get("nextToken", "f/0").removeprefix("f/"))
            if start == len(found) and "nextToken" in asked:
                return {"events": [], "nextForwardToken": asked["nextToken"]}
            end = min(start + min(self.pages(), asked.get("limit", PAGE_EVENTS)), len(found))
            token = f"f/{end}"
            token = f"f/0{end}" if token == asked.get("nextToken") else token
            events = [{"timestamp": e.timestamp, "message": e.message} for e in found[start:end]]
            return {"events": events, "nextForwardToken": token}

        return self._call("GetLogEvents", asked["logGroupName"], effect)

    def describe_log_streams(self, **asked: Any) -> dict[str, Any]:
        def effect(group: SimulatedLog) -> dict[str, Any]:
            names = sorted(group.streams)
            start = int(asked.get("nextToken", "0"))
            end = start + LISTED_AT_ONCE
            more = {"nextToken": str(end)} if end < len(names) else {}
            return {"logStreams": [_described(group, n) for n in names[start:end]], **more}

        return self._call("DescribeLogStreams", asked["logGroupName"], effect)

    def describe_subscription_filters(self, **asked: Any) -> dict[str, Any]:
        def effect(group: SimulatedLog) -> dict[str, Any]:
            told = {"filterName": "usage", "filterPattern": "", "destinationArn": self.destination}
            return {"subscriptionFilters": [told] if group.is_subscribed else []}

        return self._call("DescribeSubscriptionFilters", asked["logGroupName"], effect)

    def get_paginator(self, operation: str) -> "_Groups":
        if operation != "describe_log_groups":
            raise NotImplementedError(operation)
        return _Groups(self)

    def _call(
        self, operation: str, name: str, effect: Callable[[SimulatedLog], dict[str, Any]]
    ) -> dict[str, Any]:
        if name not in self.groups:
            raise client_error("ResourceNotFoundException", operation)
        group = self.groups[name]
        return self.calls.make(self.places[name], operation, lambda: effect(group))


@dataclass(frozen=True, slots=True)
class _Groups:
    log_calls: LogCalls

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        prefix = asked.get("logGroupNamePrefix", "")
        names = [name for name in sorted(self.log_calls.groups) if name.startswith(prefix)]
        yield {"logGroups": [{"logGroupName": name} for name in names]}


def _check_streams(group: SimulatedLog, names: Sequence[str]) -> None:
    if any(name not in group.streams for name in names):
        raise client_error("ResourceNotFoundException", "FilterLogEvents")


def _filtered(event: LogEvent) -> Mapping[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": int(event.ingested_at * 1000),
        "eventId": event.event_id,
    }


def _described(group: SimulatedLog, name: str) -> dict[str, Any]:
    """The last times are those that CloudWatch has got round to."""
    known_ms = int(group.world.now * 1000) - FIGURES_LATE_MS
    shown = [one for one in group.streams[name] if one.ingested_at * 1000 <= known_ms]
    told = {"logStreamName": name, "creationTime": int(group.created[name] * 1000)}
    if not shown:
        return told
    return {
        **told,
        "lastEventTimestamp": shown[-1].timestamp,
        "lastIngestionTime": int(shown[-1].ingested_at * 1000),
    }
