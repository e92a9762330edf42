"""The far end of `tests.cost.measure`: that of the benches, and what the audit asks besides.

A log that has so many lines in whatever window it is asked for, metering that bills each of them,
and a ledger that has them all, in so many objects: `POST /_audit/<lines>/<objects>` says how many.
"""

import gzip
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any, ClassVar, override
from urllib.parse import parse_qs, urlsplit

from functions.adapters.key_filter import key_filter
from functions.usage.moment import iso_from_epoch_ms
from tests.bench.sink import Sink
from tests.fakes.access_log_lines import LOG_GROUP, distinct_line
from tests.fakes.settled_row import settled_row

LINES_A_PAGE = 1_600  # 1 MB of lines of 640 bytes (AWS: FilterLogEvents)
_SOURCES = {"sources": [{"name": "deployed", "logGroup": LOG_GROUP, "kind": "access"}]}


class FarEnd(Sink):
    lines: ClassVar[int] = 0
    objects: ClassVar[int] = 0

    @override
    def do_POST(self) -> None:
        target = self.headers.get("X-Amz-Target", "")
        if self.path.startswith("/_audit/"):
            FarEnd.lines, FarEnd.objects = map(int, self.path.split("/")[2:])
            self._answer(200, b"")
        elif target.startswith("Logs_"):
            self._answer(200, json.dumps(self._page(self._asked(target))).encode())
        elif self.path.endswith("/invocations"):
            self._answer(200, json.dumps(_metering(self._asked("lambda.Invoke"))).encode())
        else:
            super().do_POST()

    @override
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        prefix = parse_qs(parts.query).get("prefix", [""])[0]
        name = parts.path.partition("ledger/ledger/")[2]
        if prefix.startswith("ledger/"):
            self.calls.append(("s3.ListObjectsV2", 0))
            self._answer(200, _listing(self._names(prefix)))
        elif name:
            self.calls.append(("s3.GetObject", 0))
            number = int(name.rpartition("/")[2].partition("-")[2].partition(".")[0])
            self._answer(200, _object(self._keys(number)))
        else:
            super().do_GET()

    def _asked(self, kind: str) -> dict[str, Any]:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append((kind, len(body)))
        asked: dict[str, Any] = json.loads(body)
        return asked

    def _page(self, asked: dict[str, Any]) -> dict[str, Any]:
        first = int(asked.get("nextToken", "0"))
        last = min(first + LINES_A_PAGE, self.lines)
        start, span = asked["startTime"], asked["endTime"] - asked["startTime"]
        events = [
            {
                "logStreamName": "stream",
                "timestamp": start + span * number // self.lines,
                "message": distinct_line(number),
                "eventId": f"{number:056}",
            }
            for number in range(first, last)
        ]
        return {"events": events, **({"nextToken": str(last)} if last < self.lines else {})}

    def _names(self, prefix: str) -> Iterator[str]:
        for number in range(self.objects):
            yield f"{prefix}99991231T000000000Z-{number}.{key_filter(self._keys(number))}.json.gz"

    def _keys(self, number: int) -> set[str]:
        return {_key(line) for line in range(number, self.lines, self.objects)}


def _key(line: int) -> str:
    return f"apigw1-{line:040x}"


def _metering(asked: dict[str, Any]) -> dict[str, Any]:
    if "audit" not in asked:
        return _SOURCES
    envelope = json.loads(gzip.decompress(b64decode(asked["awslogs"]["data"])))
    billed = [
        ["cus_1", [place], [[_key(_number(one)), "api_calls", 1, _time(one)]]]
        for place, one in enumerate(envelope["logEvents"])
    ]
    told = {"billed": billed, "excluded": {}, "quarantined": [], "quarantinedWhole": ""}
    return {"account": b64encode(zlib.compress(json.dumps(told).encode())).decode()}


def _number(log_event: dict[str, Any]) -> int:
    return int(json.loads(log_event["message"])["extendedRequestId"][2:14])


def _time(log_event: dict[str, Any]) -> str:
    return iso_from_epoch_ms(log_event["timestamp"])


def _listing(names: Iterator[str]) -> bytes:
    entries = "".join(
        f"<Contents><Key>{name}</Key><LastModified>2026-11-29T00:00:00Z</LastModified></Contents>"
        for name in names
    )
    return f"<ListBucketResult>{entries}</ListBucketResult>".encode()


def _object(keys: set[str]) -> bytes:
    rows = (json.dumps(settled_row(key, "2026-11-29T10:00:00.000Z")) for key in sorted(keys))
    return gzip.compress("\n".join(rows).encode(), 1)


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), FarEnd)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
