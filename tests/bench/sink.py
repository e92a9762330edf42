"""Everybody's far end for bench_walk and the price list, as a process of its own: Aforo and Datadog
that accept, SQS, S3 and Secrets Manager that say yes. It prints its URL and listens on loopback
until it is stopped. `/_calls` says how many calls of each kind came, and with how many bytes.
"""

import gzip
import json
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.local.aforo.settings import DEFAULT_API_KEY

_SENT = b'{"Successful":[],"Failed":[]}'
_SECRET = b'{"SecretString":"{\\"apiKey\\":\\"' + DEFAULT_API_KEY.encode() + b'\\"}"}'
_NO_KEY = b"<Error><Code>NoSuchKey</Code></Error>"
_NO_VERSIONS = b"<ListVersionsResult></ListVersionsResult>"
_NO_OBJECTS = b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>"


class Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # the answer in one packet
    events: ClassVar[list[int]] = []  # of each post; an append needs no lock
    calls: ClassVar[list[tuple[str, int]]] = []  # kind and bytes of each call

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers.get("X-Amz-Target", "")
        if "DD-API-KEY" in self.headers or "api_key=" in self.path:
            self._take_of_datadog(body)
            return
        self.calls.append((target or "aforo.Post", len(body)))
        if target.startswith("secretsmanager"):
            self._answer(200, _SECRET)
        elif target:
            self._answer(200, _SENT)
        else:
            taken = body.count(b'"idempotencyKey"')
            self.events.append(taken)
            self._answer(202, b'{"accepted":%d,"duplicates":0,"failed":0,"errors":[]}' % taken)

    def _take_of_datadog(self, body: bytes) -> None:
        """Log lines, or metrics of its own."""
        is_logs = self.path.endswith("/logs")
        self.calls.append(("datadog.Post" if is_logs else "datadog.Metrics", len(body)))
        if is_logs:
            lines = gzip.decompress(body) if "Content-Encoding" in self.headers else body
            self.events.append(lines.count(b'"message":'))
        self._answer(202, b"{}")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append(("s3.PutObject", len(body)))
        self._answer(200, b"")

    def do_GET(self) -> None:
        if self.path == "/_taken":
            self._answer(200, str(sum(self.events)).encode())
        elif self.path.startswith("/api/v1/validate"):
            self._answer(200, b'{"valid":true}')
        elif self.path == "/_calls":
            self._answer(200, json.dumps(self._counted()).encode())
        elif "list-type" in self.path:
            self.calls.append(("s3.ListObjectsV2", 0))
            self._answer(200, _NO_OBJECTS)
        elif "versions" in self.path:
            self.calls.append(("s3.ListObjectVersions", 0))
            self._answer(200, _NO_VERSIONS)
        else:
            self.calls.append(("s3.GetObject", 0))
            self._answer(404, _NO_KEY)

    def _counted(self) -> dict[str, dict[str, int]]:
        calls = tuple(self.calls)
        sent: Counter[str] = Counter()
        for kind, size in calls:
            sent[kind] += size
        return {"calls": Counter(kind for kind, _ in calls), "bytes": sent}

    def handle_expect_100(self) -> bool:
        found = super().handle_expect_100()
        self.wfile.flush()  # boto3 waits a second for it, and then sends all the same
        return found

    def log_message(self, *_: object) -> None:
        """Nothing: its terminal is the bench's."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
