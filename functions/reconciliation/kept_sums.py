"""The sums of an hour, kept in S3 beside the ledger: whoever finds the hour unchanged reads these.

`sums/<yyyy-mm-dd>/<hh>.json.gz`: a head with the version of the hour that the sums were made of,
then a line for each customer and meter. Guaranteed: sums of another version are never given, nor of
other rules. Written by several at a time, the last one stands; each is whole in itself. Nothing is
lost with them: they are made again from the rows.
"""

import json
import zlib
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.adapters.json_lines import lines_of, put_lines
from functions.reconciliation.hour_sums import HourTotals, Of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SUMS_PREFIX = "sums/"
# Whoever changes what a row counts for (hour_sums.py, settling.py) counts on here: sums that were
# kept under the old rules are then made again.
RULES = "sums-1"


def version_of(names: Iterable[str]) -> str:
    """The version of an hour. An object of the ledger has a name of its own and never changes: the
    set of names says what the rows are.
    """
    return sha256("\n".join([RULES, *sorted(names)]).encode()).hexdigest()


class KeptSums:
    """The sums in one bucket. `hour` is such as `2026-10-02T08`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def find(self, hour: str, version: str) -> HourTotals | None:
        """What was kept of this version of the hour, if anything was. S3's errors are passed on."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=sums_name(hour))
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return _read(found["Body"].read(), version)

    def keep(self, hour: str, version: str, totals: HourTotals) -> None:
        """Make the sums durable, in place of those of an earlier version."""
        head = {"hour": hour, "version": version, "leftOut": totals.left_out}
        rows = ([of.customer_id, of.meter, total] for of, total in totals.sums.items())
        put_lines(self._client, self._bucket, sums_name(hour), [head, *rows])


def sums_name(hour: str) -> str:
    """`2026-10-02T08` -> `sums/2026-10-02/08.json.gz`."""
    return f"{SUMS_PREFIX}{hour.replace('T', '/')}.json.gz"


def _read(body: bytes, version: str) -> HourTotals | None:
    try:
        head, *rows = map(json.loads, lines_of([body]))
        if head["version"] != version:
            return None
        sums = {Of(str(customer), str(meter)): int(total) for customer, meter, total in rows}
        return HourTotals(sums, int(head["leftOut"]))
    except (zlib.error, ValueError, TypeError, KeyError):
        # Not ours, or damaged: the rows say it again.
        return None
