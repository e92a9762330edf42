"""Segments of the register: many commands in one object of S3, one JSON command a line, gzipped.

Guaranteed: a command that was recorded stands in some segment, unless a greater version of its
thing does. Many small segments become one: first that is put, then those that were read for it go.
Two people may do so at once, and die anywhere.

`register/segments/<sha256 of the commands>-<how many>.json.gz`: the same commands have the same
name.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic_core import from_json

from functions.adapters.json_lines import list_names, put_lines, read_each
from functions.operator.counter_commands.register_places import (
    SEGMENTS,
    RegisterPlace,
    places_of,
)
from functions.reconciliation.commands import STANDING_COMMAND, StandingCommand, body_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# A segment of so many is some 2 MB gzipped, and a tenth of a second to read.
COMMANDS_PER_SEGMENT = 20_000
# A daily apply of a few changes makes one a day; a reader fetches ten at a time.
MOST_SMALL_SEGMENTS = 20
SUFFIX = ".json.gz"


class Standing:
    """Of each thing the command of the greatest version that was seen."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[str, StandingCommand]] = {}

    def is_news(self, place: RegisterPlace) -> bool:
        """Whether the command there would take the place of what is known of its thing."""
        known = self._newest.get(place.folder)
        return known is None or place.name > known[0]

    def put(self, place: RegisterPlace, command: StandingCommand) -> None:
        """Where it is news."""
        if self.is_news(place):
            self._newest[place.folder] = place.name, command

    def commands(self) -> Iterator[StandingCommand]:
        """Each once, also where two things stand by it."""
        yield from {f"{one.kind}{name}": one for name, one in self._newest.values()}.values()


class RegisterSegments:
    """Those of one bucket. Errors of S3 are passed on."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        *,
        most_commands: int = COMMANDS_PER_SEGMENT,
        most_small: int = MOST_SMALL_SEGMENTS,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._most_commands = most_commands
        self._most_small = most_small

    def record(self, commands: Iterable[StandingCommand]) -> None:
        """Make commands durable; in an order that does not matter."""
        for group in batched(commands, self._most_commands, strict=False):
            self._put(group)
        small = [name for name in self.names() if _commands_in(name) < self._most_commands // 2]
        if len(small) > self._most_small:
            self._merge(small)

    def read(self, names: Iterable[str]) -> Standing:
        """What stands in these segments. ClientError `NoSuchKey`: one of them is no more."""
        standing = Standing()
        for _, lines in read_each(self._client, self._bucket, names):
            for line in lines:
                command = STANDING_COMMAND.validate_json(line)
                for place in places_of(command, line.decode()):
                    standing.put(place, command)
        return standing

    def _merge(self, names: Sequence[str]) -> None:
        try:
            standing = self.read(names)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return  # somebody else is merging them
        # 1. All that stands in them is there a second time. Dying after this is harmless.
        merged = {
            self._put(group)
            for group in batched(standing.commands(), self._most_commands, strict=False)
        }
        # 2. Only what was read goes: what was put meanwhile stays.
        for name in set(names) - merged:
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def _put(self, commands: Sequence[StandingCommand]) -> str:
        bodies = sorted(map(body_of, commands))
        digest = sha256("\n".join(bodies).encode()).hexdigest()[:32]
        name = f"{SEGMENTS}{digest}-{len(bodies)}{SUFFIX}"
        # Over one of the same name, which holds the same.
        put_lines(self._client, self._bucket, name, map(from_json, bodies))
        return name

    def names(self) -> list[str]:
        """Of every segment."""
        # A console makes an object of the folder's own name, which is no segment.
        found = list_names(self._client, self._bucket, SEGMENTS)
        return sorted(name for name in found if name.endswith(SUFFIX))


def _commands_in(name: str) -> int:
    return int(name.removesuffix(SUFFIX).rpartition("-")[2])
