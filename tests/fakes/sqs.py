"""SQS as far as a sender sees it: its limits, and entries that fail inside a 200."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_ENTRIES = 10
MOST_BYTES = 1_048_576
# What the documentation of SendMessage allows beside printable text.
_NOT_ALLOWED = re.compile(r"[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


class RefusedCallError(Exception):
    """The whole call was refused, as with BatchRequestTooLong."""


@dataclass
class FakeSqs:
    """`fails` says of a body, at the n-th call, whether its entry fails."""

    fails: Callable[[str, int], bool] = lambda _body, _call: False
    calls: list[list[str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        entries: Sequence[dict[str, str]] = asked["Entries"]
        bodies = [entry["MessageBody"] for entry in entries]
        self.calls.append(bodies)
        if not 1 <= len(entries) <= MOST_ENTRIES or len({e["Id"] for e in entries}) < len(entries):
            raise RefusedCallError("entries")
        if sum(len(body.encode()) for body in bodies) > MOST_BYTES:
            raise RefusedCallError("bytes")
        failed = [e for e in entries if self._refuses(e["MessageBody"])]
        self.bodies += [e["MessageBody"] for e in entries if e not in failed]
        answer: dict[str, Any] = {
            "Successful": [{"Id": e["Id"]} for e in entries if e not in failed]
        }
        if failed:
            code = "InvalidMessageContents"
            answer["Failed"] = [{"Id": e["Id"], "Code": code} for e in failed]
        return answer

    def _refuses(self, body: str) -> bool:
        return bool(_NOT_ALLOWED.search(body)) or self.fails(body, len(self.calls))
