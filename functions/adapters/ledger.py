"""The ledger in S3: one object per invocation and hour of request, one JSON row per line.

`ledger/<yyyy-mm-dd>/<hh>/<writer>.json.gz`; the rows of replayed events stand a second time under
`replays/<replay id>/settled/`, so that a replay can count its own without reading the whole ledger.
An object is never changed: a writer's name is unique to its invocation.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from functions.adapters.json_lines import put_lines, read_lines
from functions.usage.ledger_row import LEDGER_ROW, LedgerRow
from functions.usage.moment import hour_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class Ledger:
    """Append rows; read them back by prefix, never holding more than one chunk."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def append(self, rows: Sequence[LedgerRow], writer: str) -> None:
        """Make `rows` durable. `writer` names the invocation: the same name writes over itself."""
        groups: dict[str, list[LedgerRow]] = defaultdict(list)
        for row in rows:
            groups[hour_prefix(hour_of(row["occurredAt"]))].append(row)
            if replay_id := row.get("replayId"):
                groups[replay_prefix(replay_id)].append(row)
        for prefix, group in groups.items():
            put_lines(self._client, self._bucket, f"{prefix}{writer}.json.gz", group)

    def read(self, prefix: str, since: datetime | None = None) -> Iterator[LedgerRow]:
        """Every row under `prefix` (see `hour_prefix`, `replay_prefix`), repeats included; `since`
        leaves out the objects that were written before.
        """
        for line in read_lines(self._client, self._bucket, prefix, since):
            yield LEDGER_ROW.validate_json(line)


def hour_prefix(hour: str) -> str:
    """`2026-10-02T08` -> `ledger/2026-10-02/08/`."""
    day, _, hour_digits = hour.partition("T")
    return f"ledger/{day}/{hour_digits}/"


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
