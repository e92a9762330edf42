"""boto3's client of S3: calls come in as our code makes them, of all buckets by their name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.aws.aws_place import AwsCalls, AwsPlace, client_error
from tests.simulation.aws.versioned_bucket import StoredObject, VersionedBucket

PAGE = 1000
_FULL, _PART, _NOT_MODIFIED, _NOT_FOUND, _PRECONDITION = 200, 206, 304, 404, 412


class NoSuchKey(ClientError):  # noqa: N818 - boto3's name
    """As the client's `exceptions` have it."""


class S3Exceptions:
    """What a client says that it raises."""

    NoSuchKey = NoSuchKey
    ClientError = ClientError


@dataclass(frozen=True, slots=True)
class StreamedBody:
    """A body as it is read."""

    content: bytes

    def read(self, amount: int | None = None) -> bytes:
        return self.content if amount is None else self.content[:amount]

    def iter_chunks(self, chunk_size: int = 1024) -> Iterator[bytes]:
        for start in range(0, len(self.content), chunk_size):
            yield self.content[start : start + chunk_size]

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class S3Calls:
    """Every bucket is a place of its own."""

    calls: AwsCalls
    buckets: dict[str, VersionedBucket] = field(default_factory=dict)
    places: dict[str, AwsPlace] = field(default_factory=dict)
    exceptions: type[S3Exceptions] = S3Exceptions

    def add(self, bucket: VersionedBucket) -> str:
        """The bucket's name, which is also its place's."""
        self.buckets[bucket.name] = bucket
        self.places[bucket.name] = AwsPlace(bucket.name, (0.01, 0.06))
        return bucket.name

    def put_object(self, **asked: Any) -> dict[str, Any]:
        def effect(bucket: VersionedBucket) -> dict[str, Any]:
            key, body = asked["Key"], asked["Body"]
            if asked.get("IfNoneMatch") and bucket.current(key) is not None:
                raise client_error("PreconditionFailed", "PutObject", _PRECONDITION)
            made = bucket.put(key, body if isinstance(body, bytes) else str(body).encode())
            return {"ETag": made.etag, "VersionId": made.version_id}

        return self._call("PutObject", asked, effect)

    def get_object(self, **asked: Any) -> dict[str, Any]:
        def effect(bucket: VersionedBucket) -> dict[str, Any]:
            found = _found(bucket, asked, "GetObject")
            if asked.get("IfNoneMatch") == found.etag:
                raise client_error("304", "GetObject", _NOT_MODIFIED)
            body = found.body or b""
            if "Range" in asked:
                first, last = asked["Range"].removeprefix("bytes=").split("-")
                body = body[int(first) : int(last) + 1]
            return {"Body": StreamedBody(body), **_described(found)}

        return self._call("GetObject", asked, effect)

    def head_object(self, **asked: Any) -> dict[str, Any]:
        return self._call(
            "HeadObject", asked, lambda bucket: _described(_found(bucket, asked, "HeadObject"))
        )

    def copy_object(self, **asked: Any) -> dict[str, Any]:
        def effect(bucket: VersionedBucket) -> dict[str, Any]:
            source = asked["CopySource"]
            found = _found(self.buckets[source["Bucket"]], source, "CopyObject")
            bucket.put(asked["Key"], found.body or b"")
            return {}

        return self._call("CopyObject", asked, effect)

    def delete_object(self, **asked: Any) -> dict[str, Any]:
        def effect(bucket: VersionedBucket) -> dict[str, Any]:
            bucket.delete(asked["Key"])
            return {}

        return self._call("DeleteObject", asked, effect)

    def list_object_versions(self, **asked: Any) -> dict[str, Any]:
        return self._call(
            "ListObjectVersions",
            asked,
            lambda bucket: _versions(bucket, asked["Prefix"], asked.get("MaxKeys", PAGE)),
        )

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
        """The first page."""
        return next(iter(self.paginate(**asked)))

    def get_paginator(self, operation: str) -> "S3Calls":
        if operation != "list_objects_v2":
            raise NotImplementedError(operation)
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        """Each page is a call, and sees what is there then."""
        after, is_last = asked.get("StartAfter", ""), False
        most = min(PAGE, asked.get("MaxKeys", PAGE), _page_size(asked))
        while not is_last:
            page = self._list(asked, after, most)
            yield page
            is_last = not page["IsTruncated"]
            after = page["Contents"][-1]["Key"] if page.get("Contents") else after

    def _list(self, asked: Mapping[str, Any], after: str, most: int) -> dict[str, Any]:
        return self._call("ListObjectsV2", asked, lambda bucket: _page(bucket, asked, after, most))

    def _call(
        self,
        operation: str,
        asked: Mapping[str, Any],
        effect: Callable[[VersionedBucket], dict[str, Any]],
    ) -> dict[str, Any]:
        bucket = self.buckets[asked["Bucket"]]
        return self.calls.make(self.places[bucket.name], operation, lambda: effect(bucket))


def _page_size(asked: Mapping[str, Any]) -> int:
    configured = asked.get("PaginationConfig", {})
    return int(configured.get("PageSize", PAGE))


def _found(bucket: VersionedBucket, asked: Mapping[str, Any], operation: str) -> StoredObject:
    key, version_id = asked["Key"], asked.get("VersionId")
    found = bucket.version(key, version_id) if version_id else bucket.current(key)
    if found is None or found.body is None:
        said: Any = {
            "Error": {"Code": "NoSuchKey"},
            "ResponseMetadata": {"HTTPStatusCode": _NOT_FOUND},
        }
        raise NoSuchKey(said, operation)
    return found


def _described(found: StoredObject) -> dict[str, Any]:
    return {
        "ETag": found.etag,
        "VersionId": found.version_id,
        "LastModified": found.modified,
        "ContentLength": len(found.body or b""),
    }


def _page(
    bucket: VersionedBucket, asked: Mapping[str, Any], after: str, most: int
) -> dict[str, Any]:
    prefix = asked.get("Prefix", "")
    names = bucket.names(prefix, after)
    if (end := asked.get("Delimiter")) is not None:
        rests = [name.removeprefix(prefix) for name in names]
        folders = sorted(
            {f"{prefix}{rest.partition(end)[0]}{end}" for rest in rests if end in rest}
        )
        files = [f"{prefix}{rest}" for rest in rests if end not in rest]
        shared = [{"Prefix": folder} for folder in folders]
        return {"CommonPrefixes": shared, "IsTruncated": False, **_contents(bucket, files)}
    shown = next(batched(names, most, strict=False), ())
    return {"IsTruncated": len(names) > most, **_contents(bucket, shown)}


def _contents(bucket: VersionedBucket, names: Any) -> dict[str, Any]:
    listed = [bucket.versions[name][-1] for name in names]
    shown = [
        {"Key": one.key, "LastModified": one.modified, "Size": len(one.body or b"")}
        for one in listed
    ]
    return {"Contents": shown, "KeyCount": len(shown)} if shown else {"KeyCount": 0}


def _versions(bucket: VersionedBucket, prefix: str, most: int) -> dict[str, Any]:
    names = sorted(name for name in bucket.versions if name.startswith(prefix))
    found = [one for name in names for one in reversed(bucket.versions[name])][:most]
    newest = {bucket.versions[name][-1].version_id for name in names}
    listed: dict[str, list[dict[str, Any]]] = {"Versions": [], "DeleteMarkers": []}
    for one in found:
        kind = "DeleteMarkers" if one.body is None else "Versions"
        described = {"Key": one.key, "VersionId": one.version_id, "LastModified": one.modified}
        listed[kind].append({**described, "IsLatest": one.version_id in newest})
    return {**listed, "IsTruncated": False}
