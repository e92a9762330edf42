"""S3 as far as reading goes: objects whose bodies come in pieces of any size; and a bucket that
keeps what is put, and counts what it is asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from types import SimpleNamespace
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from botocore.hooks import HierarchicalEmitter

WRITTEN_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Body:
    """A streamed answer."""

    pieces: Sequence[bytes]

    def read(self) -> bytes:
        return b"".join(self.pieces)

    def iter_chunks(self, _bytes: int) -> Iterator[bytes]:
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


@dataclass
class FakeBucket:
    """One bucket in memory, listed in the order of names."""

    meta: ClassVar[Any] = SimpleNamespace(events=HierarchicalEmitter())
    page: int = 1000
    objects: dict[str, bytes] = field(default_factory=dict)
    pages_listed: int = 0
    names_read: list[str] = field(default_factory=list)
    bytes_read: int = 0

    def put_object(self, **asked: Any) -> None:
        if asked.get("IfNoneMatch") and asked["Key"] in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[asked["Key"]] = asked["Body"]

    def delete_object(self, **asked: str) -> None:
        self.objects.pop(asked["Key"], None)

    def get_object(self, **asked: str) -> dict[str, Body]:
        self.names_read.append(asked["Key"])
        if asked["Key"] not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        body = self.objects[asked["Key"]]
        if "Range" in asked:
            first, last = asked["Range"].removeprefix("bytes=").split("-")
            body = body[int(first) : int(last) + 1]
        self.bytes_read += len(body)
        return {"Body": Body([body])}

    def get_paginator(self, _operation: str) -> "FakeBucket":
        return self

    def paginate(self, **asked: str) -> Iterable[dict[str, Any]]:
        prefix, after = asked["Prefix"], asked.get("StartAfter", "")
        if (end := asked.get("Delimiter")) is not None:
            rests = (n.removeprefix(prefix) for n in self.objects if n.startswith(prefix))
            folders = {f"{prefix}{rest.partition(end)[0]}{end}" for rest in rests if end in rest}
            yield {"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}
            return
        names = sorted(n for n in self.objects if n.startswith(prefix) and n > after)
        for page in batched(names, self.page, strict=False):
            self.pages_listed += 1
            yield {"Contents": [{"Key": name, "LastModified": WRITTEN_AT} for name in page]}
