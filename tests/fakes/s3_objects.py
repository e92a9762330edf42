"""S3 as far as reading goes: objects whose bodies come in pieces of any size."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

WRITTEN_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Body:
    """A streamed answer."""

    pieces: Sequence[bytes]

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        return iter(self.pieces)


@dataclass
class FakeObjects:
    """Objects by key, each given as its pieces; `list_objects_v2` has one object a page."""

    objects: Mapping[str, Sequence[bytes]]

    def get_paginator(self, _operation: str) -> "FakeObjects":
        return self

    def paginate(self, **asked: str) -> Iterable[dict[str, Any]]:
        yield {}
        for key in self.objects:
            if key.startswith(asked["Prefix"]):
                yield {"Contents": [{"Key": key, "LastModified": WRITTEN_AT}]}

    def get_object(self, **asked: str) -> dict[str, Body]:
        return {"Body": Body(self.objects[asked["Key"]])}
