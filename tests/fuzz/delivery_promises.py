"""What holds for every delivery that metering took, whatever its lines are."""

import json

from functions.adapters.quarantined_object import QuarantinedLines, read_kept
from functions.forwarder.inbox import Received, read_inbox
from functions.metering.log_delivery import LogDelivery, read_delivery
from tests.fuzz.fuzzed_metering import Metered
from tests.fuzz.target import must

SENT = {"SentTimestamp": "1784512235218", "ApproximateReceiveCount": "1"}


def nothing_is_lost(metered: Metered) -> None:
    """What is billed is on the queue, what is quarantined is in the bucket: counted and whole."""
    found = metered.taken.found
    if found is None:
        return
    must(len(metered.events) == len(found.event_texts), "every event is sent", len(metered.events))
    kept = [_entries(key, body) for key, body in metered.objects.items()]
    refused = [len(log_events) for _, log_events in found.quarantined]
    must(sum(kept) == sum(refused), "every quarantined log event is kept", kept, refused)
    json.dumps(metered.taken.answer(), ensure_ascii=False).encode()


def is_understood(metered: Metered) -> None:
    """The forwarder reads every usage message, and no two events of a delivery have one key and
    differ.
    """
    for body in metered.bodies:
        record = {"messageId": "1", "receiptHandle": "1", "body": body, "attributes": SENT}
        (read,) = read_inbox([record])
        must(isinstance(read, Received), "the forwarder can read what metering sends", body, read)


def _entries(key: str, body: bytes) -> int:
    """The log events in an object of the quarantine, as a replay gives them to metering again."""
    kept = read_kept(key, body)
    must(isinstance(kept, QuarantinedLines), "a replay can read what is kept", key, body)
    assert isinstance(kept, QuarantinedLines)
    again = read_delivery(kept.payload)
    must(isinstance(again, LogDelivery), "metering can read what a replay gives it", key, again)
    assert isinstance(again, LogDelivery)
    must(len(again.log_events) == len(kept.entries), "a replay gives all of it", key)
    return len(kept.entries)
