"""S3 as far as one object with versions goes: each put and each deletion is one of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from tests.fakes.s3_objects import Body

FIRST_PUT = datetime(2026, 11, 1, tzinfo=UTC)


class _Version(NamedTuple):
    key: str
    id: str
    body: bytes | None  # None: a deletion
    modified: datetime


@dataclass
class VersionedObject:
    """`is_down` refuses every call with 503; `reads` are the conditions of the calls of get."""

    key: str
    versions: list[_Version] = field(default_factory=list)  # the oldest first
    is_down: bool = False
    reads: list[str] = field(default_factory=list)

    def put(self, body: bytes | None, key: str = "") -> None:
        number = len(self.versions)
        modified = FIRST_PUT + timedelta(minutes=number)
        self.versions.append(_Version(key or self.key, f"v{number}", body, modified))

    def get_object(self, **asked: Any) -> dict[str, Any]:
        self._answer("GetObject")
        self.reads.append(asked.get("IfNoneMatch") or asked.get("VersionId") or "")
        own = [one for one in self.versions if one.key == asked["Key"]]
        if "VersionId" in asked:
            own = [one for one in own if one.id == asked["VersionId"]]
        if not own or own[-1].body is None:
            raise _refusal("NoSuchKey", 404, "GetObject")
        found = own[-1]
        if asked.get("IfNoneMatch") == found.id:
            raise _refusal("304", 304, "GetObject")
        body = found.body or b""
        return {
            "Body": Body([body]),
            "ETag": found.id,
            "VersionId": found.id,
            "LastModified": found.modified,
        }

    def list_object_versions(self, **asked: Any) -> dict[str, Any]:
        self._answer("ListObjectVersions")
        matching = [one for one in self.versions if one.key.startswith(asked["Prefix"])]
        newest = {one.key: one.id for one in matching}
        matching.reverse()
        found = sorted(matching, key=lambda one: one.key)[: asked["MaxKeys"]]
        told: dict[str, list[dict[str, Any]]] = {"Versions": [], "DeleteMarkers": []}
        for one in found:
            told["DeleteMarkers" if one.body is None else "Versions"].append(
                {
                    "Key": one.key,
                    "VersionId": one.id,
                    "LastModified": one.modified,
                    "IsLatest": newest[one.key] == one.id,
                }
            )
        return told

    def _answer(self, operation: str) -> None:
        if self.is_down:
            raise _refusal("SlowDown", 503, operation)


def _refusal(code: str, status: int, operation: str) -> ClientError:
    said: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, operation)
