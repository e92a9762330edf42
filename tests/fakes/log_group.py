"""A log group in memory that answers as CloudWatch Logs does: pages of any size, empty ones too,
tokens or (as ministack) none, refusals when told to.
"""

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import Any

from botocore.exceptions import ClientError

NO_CALL: Callable[[str], None] = lambda _: None  # noqa: E731 - a field's default


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "AnyCall")


@dataclass
class FakeLogGroup:
    """`pages` says how many lines the next page has, at most what is asked for."""

    name: str = "group"
    has_tokens: bool = True
    pages: Callable[[], int] = lambda: 10_000
    list_page: int = 50
    before_call: Callable[[str], None] = NO_CALL
    streams: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)  # a stream's last times, where not true
    created: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=count)

    def put(self, stream: str, timestamp: int, message: str) -> None:
        number = next(self._ids)
        event = {"timestamp": timestamp, "message": message, "number": number}
        event["eventId"] = f"{(timestamp << 144) + number:056}"
        insort(self.streams.setdefault(stream, []), event, key=itemgetter("timestamp", "number"))

    def _note(self, call: str, asked: dict[str, Any]) -> None:
        self.asked.append((call, asked))
        self.before_call(call)
        if asked["logGroupName"] != self.name:
            raise refused("ResourceNotFoundException")

    def _stream(self, name: str) -> list[dict[str, Any]]:
        if name not in self.streams:
            raise refused("ResourceNotFoundException")
        return self.streams[name]

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self._note("filter", asked)
        names = asked.get("logStreamNames", list(self.streams))
        assert 1 <= len(names) <= 100 or "logStreamNames" not in asked
        found = [
            {"logStreamName": name, **event}
            for name in names
            for event in self._stream(name)
            if asked["startTime"] <= event["timestamp"] <= asked["endTime"]
        ]
        found.sort(key=itemgetter("timestamp", "number"))
        if not self.has_tokens:
            return {"events": found[: asked["limit"]]}
        start = int(asked.get("nextToken", "0"))
        end = min(start + min(self.pages(), asked["limit"]), len(found))
        more = {"nextToken": str(end)} if end < len(found) else {}
        return {"events": found[start:end], **more}

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        self._note("events", asked)
        assert asked["startFromHead"]
        found = [
            {"timestamp": event["timestamp"], "message": event["message"]}
            for event in self._stream(asked["logStreamName"])
            if asked["startTime"] <= event["timestamp"] < asked["endTime"]
        ]
        start = int(asked.get("nextToken", "f/0").removeprefix("f/"))
        if start == len(found) and "nextToken" in asked:
            return {"events": [], "nextForwardToken": asked["nextToken"]}
        # An empty page on the way has a token of its own, as AWS's do.
        end = min(start + min(self.pages(), asked["limit"]), len(found))
        token = f"f/{end}"
        if token == asked.get("nextToken"):
            token = f"f/0{end}"
        return {"events": found[start:end], "nextForwardToken": token}

    def describe_log_streams(self, **asked: Any) -> dict[str, Any]:
        """The token is a number of streams, as ministack's is: the hardest."""
        self._note("streams", asked)
        names = sorted(self.streams)
        start = int(asked.get("nextToken", "0"))
        end = start + self.list_page
        more = {"nextToken": str(end)} if end < len(names) else {}
        return {"logStreams": [self._described(name) for name in names[start:end]], **more}

    def _described(self, name: str) -> dict[str, Any]:
        times = [event["timestamp"] for event in self.streams[name]]
        last = self.shown.get(name, max(times, default=0))
        times_shown = {"lastEventTimestamp": last, "lastIngestionTime": last} if last else {}
        return {
            "logStreamName": name,
            "creationTime": self.created.get(name, 0),
            **times_shown,
        }
