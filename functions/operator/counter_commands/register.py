"""The register: what was stated of customers and the tenant, in S3; a rebuild states it again.

Guaranteed: of one thing (a customer's grant for a meter, an API key, ...) the command of the
greatest version is kept, whatever order they are recorded in and whoever else records at the time;
recorded twice is recorded once. A command is recorded before it is sent: nothing is in force that
a rebuild would not know.

`register/<kind>/<sha256 of the thing>/<version>-<sha256 of the command>.json`, in the configuration
bucket: versioned, never expired. It holds no credential: of API keys the SHA-256, of signing keys
the public part.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from functions.reconciliation.commands import (
    STANDING_COMMAND,
    CredentialCommand,
    GrantCommand,
    JwksCommand,
    RevocationCommand,
    StandingCommand,
)
from functions.usage.message import to_body

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PREFIX = "register/"
_VERSION_DIGITS = 16  # of 2**53: names sort as versions do


class _Place(NamedTuple):
    """Where the commands of one thing stand, and which of them this is."""

    folder: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.folder}{self.name}"


class Register:
    """The register in one bucket. Errors of S3 are passed on: what is not recorded is not sent."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def record(self, command: StandingCommand) -> None:
        """Make a command durable."""
        body = command.model_dump_json(by_alias=True, exclude_none=True)
        for place in _places(command, body):
            # 1. The command is there. Dying after this leaves an older one beside it: harmless.
            self._client.put_object(Bucket=self._bucket, Key=place.key, Body=body.encode())
            # 2. What it or another supersedes goes: never the greatest that is there.
            for key in self._keys(place.folder)[:-1]:
                self._client.delete_object(Bucket=self._bucket, Key=key)

    def commands(self) -> Iterator[StandingCommand]:
        """The command of each thing that stands, and those of which a part still does."""
        newest: dict[str, str] = {}
        for key in self._keys(PREFIX):
            newest[key.rpartition("/")[0]] = key
        for folder, key in newest.items():
            yield self._read(f"{folder}/", key)

    def _read(self, folder: str, key: str) -> StandingCommand:
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            # Superseded since it was listed.
            return self._read(folder, self._keys(folder)[-1])
        return STANDING_COMMAND.validate_json(body)

    def _keys(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))


def _places(command: StandingCommand, body: str) -> list[_Place]:
    version = command.until_ms if isinstance(command, RevocationCommand) else command.version
    name = f"{version:0{_VERSION_DIGITS}}-{sha256(body.encode()).hexdigest()[:16]}.json"
    places = [_Place(_folder(command.kind, _thing(command)), name)]
    if isinstance(command, GrantCommand) and command.allow_when_unknown is not None:
        # The customer's policy outlives the grant that stated it, if the next one does not.
        places.append(_Place(_folder("policy", [command.customer_id]), name))
    return places


def _thing(command: StandingCommand) -> list[str | None]:
    match command:
        case GrantCommand():
            return [command.customer_id, command.meter]
        case CredentialCommand():
            return [command.api_key_sha256]
        case RevocationCommand():
            return [command.jti, command.key_id]
        case JwksCommand():
            return []
        case _:
            return [command.customer_id]


def _folder(kind: str, thing: list[str] | list[str | None]) -> str:
    # An id may hold slashes; a digest has one length and sorts nowhere in particular.
    return f"{PREFIX}{kind}/{sha256(to_body(thing).encode()).hexdigest()[:32]}/"
