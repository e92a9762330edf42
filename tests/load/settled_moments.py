"""Ledger, logs and what a watch saw come in; when each request was where leaves."""

from collections.abc import Mapping
from typing import NamedTuple

import boto3

from functions.adapters.ledger import LEDGER_PREFIX, Ledger
from functions.usage.moment import epoch_ms_from_iso
from tests.kills.made_requests import key_of_request
from tests.load.hop_times import Moment
from tests.load.load_cloud import LoadCloud
from tests.load.log_reading import LoggedLine, Ran, extended_ids
from tests.local.customers import METER


class Confirmations(NamedTuple):
    """By key: when it was where, and how often the ledger has it confirmed beyond the first."""

    moments: dict[str, dict[Moment, int]]
    again: int


def confirmations(cloud: LoadCloud, forwarder: Mapping[str, Ran]) -> Confirmations:
    """As the ledger tells it; of an event that was confirmed twice, the first."""
    ledger = Ledger(boto3.client("s3"), cloud.endpoints.ledger_bucket)
    found: dict[str, dict[Moment, int]] = {}
    again = 0
    for name, rows in ledger.read_each(ledger.names(LEDGER_PREFIX)):
        # `<time>-<request id>.<key filter>.json.gz`: the names are in the order of their times.
        ran = forwarder.get(name.rpartition("/")[2].partition(".")[0].partition("-")[2])
        for row in rows:
            if row["meter"] != METER or row["outcome"] != "confirmed":
                continue
            if row["key"] in found:
                again += 1
                continue
            found[row["key"]] = {
                Moment.REQUESTED: epoch_ms_from_iso(row["occurredAt"]),
                Moment.METERED: epoch_ms_from_iso(row["meteredAt"]),
                Moment.QUEUED: epoch_ms_from_iso(row["queuedAt"]),
                Moment.CONFIRMED: epoch_ms_from_iso(row["settledAt"]),
                **({Moment.BEGAN: ran.began_ms, Moment.ENDED: ran.ended_ms} if ran else {}),
            }
    return Confirmations(found, again)


def add_the_ends(
    moments: Mapping[str, dict[Moment, int]],
    cloud: LoadCloud,
    access_log: list[LoggedLine],
    counted: Mapping[str, int],
) -> int:
    """When the line was in the log and when the counter had it; how many requests the log has."""
    written = extended_ids(access_log)
    for extended_id, put_ms in written.items():
        if of_key := moments.get(key_of_request(cloud.api, extended_id)):
            of_key[Moment.WRITTEN] = put_ms
    for key, at_ms in counted.items():
        if of_key := moments.get(key):
            of_key[Moment.COUNTED] = at_ms
    return len(written)
