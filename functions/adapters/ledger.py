"""The ledger in S3: one object per invocation and hour of request, one JSON row per line.

`ledger/<yyyy-mm-dd>/<hh>/<writer>.<key filter>.json.gz`; the rows of replayed events stand a second
time under `replays/<replay id>/settled/<writer>.json.gz`, so that a replay can count its own
without reading the whole ledger. An object is never changed, nor written over: a writer's name
is unique to its invocation. Who looks for keys reads the names, and of the objects only those whose
filter may hold one; an object without a filter is always read.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from functions.adapters.compacted_hours import CompactedHours
from functions.adapters.json_lines import (
    UnreadableObject,
    blocks,
    list_names,
    put_lines_once,
    read_bodies,
    read_each,
)
from functions.adapters.key_filter import Sieve, key_filter
from functions.adapters.key_place import lines_in, lines_with
from functions.usage.ledger_row import LEDGER_ROW, LedgerRow
from functions.usage.moment import hour_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LEDGER_PREFIX = "ledger/"
# A writer's name has the time at which it began, and no Lambda function runs for longer.
STILL_COMING = timedelta(minutes=15)
_ENDING = ".json.gz"
_PARTS_WITH_FILTER = 4  # writer, filter, json, gz


class Ledger:
    """Append rows; read them back by prefix, never holding more than a few objects."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self.compacted = CompactedHours(client, bucket)

    def append(self, rows: Sequence[LedgerRow], writer: str) -> None:
        """Make `rows` durable. `writer` names the invocation: the same name with the same rows
        changes nothing, with others it is UnreadableObject. It has no dot and begins with the time,
        `20261002T081530412Z`: lookups remember by name how far they have read
        (functions.forwarder.ledger_lookup).
        """
        hours: dict[str, list[LedgerRow]] = defaultdict(list)
        replays: dict[str, list[LedgerRow]] = defaultdict(list)
        for row in rows:
            hours[hour_of(row["occurredAt"])].append(row)
            if replay_id := row.get("replayId"):
                replays[replay_prefix(replay_id)].append(row)
        for hour, group in hours.items():
            filtered = key_filter({row["key"] for row in group})
            name = f"{hour_prefix(hour)}{writer}.{filtered}{_ENDING}"
            put_lines_once(self._client, self._bucket, name, group)
        for prefix, group in replays.items():
            put_lines_once(self._client, self._bucket, f"{prefix}{writer}{_ENDING}", group)

    def read(self, prefix: str, since: datetime | None = None) -> Iterator[LedgerRow]:
        """Every row under `prefix` (see `hour_prefix`, `replay_prefix`), repeats included; `since`
        leaves out the objects that were written before.
        """
        for _, rows in self.read_each(self.names(prefix, since=since)):
            yield from rows

    def read_some(
        self, prefix: str, wanted: Container[bytes], since: datetime | None = None
    ) -> Iterator[LedgerRow]:
        """As `read`, only the rows whose key is in `wanted`; other rows are not validated."""
        names = self.names(prefix, since=since)
        for name, body in read_bodies(self._client, self._bucket, names):
            for row in _rows(name, lines_in(blocks(name, body), wanted)):
                if row["key"].encode(errors="surrogatepass") in wanted:
                    yield row

    def rows_of(
        self, hour: str, keys: Collection[str], since: datetime | None = None
    ) -> Iterator[LedgerRow]:
        """The rows of `keys` in an hour such as `2026-10-02T08`, repeats included."""
        sieve = Sieve(keys)
        names = (n for n in self.names(hour_prefix(hour), since=since) if may_hold(n, sieve))
        for _, rows in self.read_keys(names, keys):
            yield from rows

    def hour_of_keys(
        self, hour: str, keys: Collection[str]
    ) -> Iterator[tuple[str, Iterator[LedgerRow]]]:
        """The rows of `keys` in an hour such as `2026-10-02T08`, repeats included: of its parts
        where it is compacted, then of each object that is not in them. As `read_keys`, by what was
        read.
        """
        head = self.compacted.head(hour)
        if head:
            for _, rows in self.compacted.rows_of(head, keys):
                yield head.through, iter(rows)
        names = self.names(hour_prefix(hour), after=head.through if head else "")
        yield from self.read_keys(names, keys)

    def names(
        self, prefix: str, *, after: str = "", since: datetime | None = None
    ) -> Iterator[str]:
        """The objects under `prefix` after the name `after`, in the order of hours and writers.

        What no forwarder names so is passed over, such as the marker that the console leaves for a
        folder: read, it would hold all old events of its hour.
        """
        names = list_names(self._client, self._bucket, prefix, after=after, since=since)
        return (name for name in names if name.endswith(_ENDING))

    def read_each(self, names: Iterable[str]) -> Iterator[tuple[str, Iterator[LedgerRow]]]:
        """The rows of each of these objects, in their order; the next ones are fetched meanwhile.

        Anything of botocore, with the object's name as its note; UnreadableObject for one that is
        not of this ledger.
        """
        for name, lines in read_each(self._client, self._bucket, names):
            yield name, _rows(name, lines)

    def read_keys(
        self, names: Iterable[str], keys: Collection[str]
    ) -> Iterator[tuple[str, Iterator[LedgerRow]]]:
        """As `read_each`, only the rows of `keys`. Other rows are not validated: they cost a tenth
        (functions.adapters.key_place).
        """
        wanted = frozenset(keys)
        for name, body in read_bodies(self._client, self._bucket, names):
            lines = lines_with(blocks(name, body), wanted)
            yield name, (row for row in _rows(name, lines) if row["key"] in wanted)


def _rows(name: str, lines: Iterable[bytes]) -> Iterator[LedgerRow]:
    try:
        yield from map(LEDGER_ROW.validate_json, lines)
    except ValidationError as error:
        # Without its input: usage stands in no log.
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise UnreadableObject(name, f"no row of a ledger: {where} {fault['msg']}") from None


def may_hold(name: str, sieve: Sieve) -> bool:
    """Whether the object of that name may have a row of the keys in `sieve`."""
    parts = name.rpartition("/")[2].split(".")
    return len(parts) != _PARTS_WITH_FILTER or sieve.lets_through(parts[1])


def hour_prefix(hour: str) -> str:
    """`2026-10-02T08` -> `ledger/2026-10-02/08/`."""
    day, _, hour_digits = hour.partition("T")
    return f"{LEDGER_PREFIX}{day}/{hour_digits}/"


def surely_written(hour: str, now: datetime) -> str:
    """A name in the hour: whoever is still to put an object there puts it under a greater one."""
    return f"{hour_prefix(hour)}{now - STILL_COMING:%Y%m%dT%H%M%S}"


def replay_prefix(replay_id: str) -> str:
    """Where the rows of one replay stand a second time."""
    return f"replays/{replay_id}/settled/"


def settled_once(rows: Iterable[LedgerRow]) -> dict[str, LedgerRow]:
    """One row per key: a confirmed row outweighs a set-aside one, an earlier a later."""
    kept: dict[str, LedgerRow] = {}
    for row in rows:
        known = kept.get(row["key"])
        if known is None or (known["outcome"] == "set_aside" and row["outcome"] == "confirmed"):
            kept[row["key"]] = row
    return kept
