"""Which messages a replay holds: their ids, of all rounds before one.

The rows of `held/` say it. Reading all of them in each round would cost rounds times rows; so a
round that had to read many puts the ids together under `held-ids/<round>`, and the rounds after it
read that, and the rows since. Such an object has all ids of the rounds before the one in its name,
and may have some of that round; a second try writes it again with no fewer.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic_core import from_json

from functions.adapters.json_lines import list_names, put_lines, read_each
from functions.replay.limits import round_digits

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

HELD, HELD_IDS = "held", "held-ids"
# Reading them takes 10 ms, and listing them two calls.
ROWS_BEFORE_AN_INDEX = 2_000


class HeldIndex:
    """Of one replay; `since` leaves out what was written before it began."""

    def __init__(
        self, client: "S3Client", bucket: str, folder: str, since: datetime | None
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._folder = folder
        self._since = since

    def ids(self, round_number: int) -> set[str]:
        """Those that were held before this round, and by tries of it that died."""
        index = max(self._names(HELD_IDS), default="")
        known = {from_json(line) for line in self._lines([index])} if index else set[str]()
        first = index.rpartition("/")[2].removesuffix(".json.gz")
        rows = [from_json(one) for one in self._lines(self._names(HELD, after=first))]
        known.update(row["messageId"] for row in rows)
        if len(rows) >= ROWS_BEFORE_AN_INDEX:
            name = f"{self._folder}{HELD_IDS}/{round_digits(round_number)}.json.gz"
            put_lines(self._client, self._bucket, name, sorted(known))
        return known

    def _names(self, kind: str, after: str = "") -> list[str]:
        prefix = f"{self._folder}{kind}/"
        start = f"{prefix}{after}" if after else ""
        found = list_names(self._client, self._bucket, prefix, after=start, since=self._since)
        return list(found)

    def _lines(self, names: list[str]) -> list[bytes]:
        found = read_each(self._client, self._bucket, names)
        return [line for _, lines in found for line in lines]
