"""The register: what was stated of customers and the tenant, in S3; a rebuild states it again.

Guaranteed: of one thing (a customer's grant for a meter, an API key, ...) the command of the
greatest version is kept, whatever order they are recorded in and whoever else records at the time;
recorded twice is recorded once. A command is recorded before it is sent: nothing is in force that
a rebuild would not know.

`register/<kind>/<sha256 of the thing>/<version>-<sha256 of the command>.json`, in the configuration
bucket: versioned, never expired; and for many commands at once `register/segments/`
(register_segments.py). Of API keys it holds the SHA-256, of signing keys the public part; of a
usage plan's API key the value, which API Gateway has to be told.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.adapters.json_lines import list_names, read_bodies
from functions.operator.counter_commands.register_places import (
    PREFIX,
    SEGMENTS,
    RegisterPlace,
    places_of,
)
from functions.operator.counter_commands.register_segments import RegisterSegments, Standing
from functions.reconciliation.commands import STANDING_COMMAND, StandingCommand, body_of
from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# What is superseded goes: each time round, somebody has recorded something meanwhile.
_READINGS = 20


class Register:
    """The register in one bucket. Errors of S3 are passed on: what is not recorded is not sent."""

    def __init__(
        self, client: "S3Client", bucket: str, segments: RegisterSegments | None = None
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._segments = segments or RegisterSegments(client, bucket)

    def record(self, command: StandingCommand) -> None:
        """Make a command durable."""
        body = body_of(command)
        for place in places_of(command, body):
            # 1. The command is there. Dying after this leaves an older one beside it: harmless.
            self._client.put_object(Bucket=self._bucket, Key=place.key, Body=body.encode())
            # 2. What it or another supersedes goes: never the greatest that is there.
            for key in self._keys(place.folder)[:-1]:
                self._client.delete_object(Bucket=self._bucket, Key=key)

    def record_all(self, commands: Iterable[StandingCommand]) -> None:
        """Make many commands durable, in few objects: as if each had been recorded by itself."""
        self._segments.record(commands)

    def commands(self) -> Iterator[StandingCommand]:
        """The command of each thing that stands, and those of which a part still does."""
        for _ in range(_READINGS):
            try:
                yield from self._standing().commands()
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
                # Superseded, or merged into another segment, since it was listed.
                continue
            return
        raise Permanent("the register changes while it is read: try again in a minute")

    def _standing(self) -> Standing:
        # A console makes objects of folders' own names, which are no commands.
        keys = [key for key in self._keys(PREFIX) if key.endswith(".json")]
        # By themselves they are one page, and so of one moment: between two pages a merge could put
        # its segment before the first and take those of the second.
        standing = self._segments.read(self._segments.names())
        newest = {
            place.folder: place.name
            for place in map(_place, keys)
            if place.folder != SEGMENTS and standing.is_news(place)
        }
        names = (f"{folder}{name}" for folder, name in newest.items())
        for key, body in read_bodies(self._client, self._bucket, names):
            standing.put(_place(key), STANDING_COMMAND.validate_json(body))
        return standing

    def _keys(self, prefix: str) -> list[str]:
        return sorted(list_names(self._client, self._bucket, prefix))


def _place(key: str) -> RegisterPlace:
    folder, _, name = key.rpartition("/")
    return RegisterPlace(f"{folder}/", name)
