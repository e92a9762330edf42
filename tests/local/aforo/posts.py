"""What came in lately, for people and tests: one record per ingest post, newest last."""

import dataclasses
from collections import deque
from collections.abc import Mapping
from typing import Any

SECRET_HEADERS = frozenset({"authorization", "x-api-key"})
WITHHELD = "(withheld)"


@dataclasses.dataclass(slots=True)
class Post:
    at: float  # seconds since the epoch
    request_id: str
    path: str
    peer: str  # address:port, so that a test sees whether connections are kept alive
    key_ending: str  # tells two keys of a rotation apart
    headers: dict[str, str]
    body_bytes: int
    events: int
    fault: str | None = None
    status: int | None = None  # None: the client got no answer
    accepted: int = 0
    duplicates: int = 0
    failed: int = 0
    findings: list[str] = dataclasses.field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class Posts:
    def __init__(self, keep: int) -> None:
        self.total = 0
        self._kept: deque[Post] = deque(maxlen=keep)

    def add(self, post: Post) -> Post:
        self.total += 1
        self._kept.append(post)
        return post

    def last(self, limit: int | None) -> list[Post]:
        kept = list(self._kept)
        return kept if limit is None else kept[max(0, len(kept) - limit) :]


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: WITHHELD if name.lower() in SECRET_HEADERS else value
        for name, value in headers.items()
    }


def key_ending(headers: Mapping[str, str]) -> str:
    # X-API-Key first: Authorization may hold a signature.
    return (headers.get("X-API-Key") or headers.get("Authorization") or "")[-4:]
