"""The mark: "this event is already in the counter", and where marks and hourly sums stand.

A mark is a 64-bit integer, so that Valkey keeps a set of them as a sorted array (`intset`) of 8
bytes each; as strings they would cost five to ten times that (aws-and-counters.md 4a). That two of
ten million events of one customer share a mark has a chance of 3 in a million, and costs one unit.

An intset turns into a hash table beyond 512 members (`set-max-intset-entries`). So the first 512
marks of an hour go into one set, and a small customer pays for one key an hour; those after it are
spread over cells, a quarter of the marks of a minute each, which stay intsets up to 34 events a
second. By minute, because the events of a message lie close together: a script touches few cells.
"""

from hashlib import sha256
from typing import NamedTuple

from functions.usage.quota import customer_key

# Not to be changed while marks made under the old numbers are in force (the horizon): an event
# would be looked for in another set than the one it stands in, and count twice.
FIRST_SET_MARKS = 512
CELLS_PER_MINUTE = 4
CELLS_PER_HOUR = 60 * CELLS_PER_MINUTE


class HourOfMeter(NamedTuple):
    """Marks are kept apart by customer, meter and hour of the request (epoch hour)."""

    tenant: str
    customer_id: str
    meter: str
    hour: int

    def first_set(self) -> str:
        return customer_key(self.tenant, self.customer_id, f"marks:{self.meter}:{self.hour}")

    def cell_set(self, cell: int) -> str:
        """The set of a cell (see `cell_of`) of this hour."""
        return f"{self.first_set()}:{cell % CELLS_PER_HOUR}"


def mark_of(event_key: str) -> int:
    """The mark of an event key: the first 8 bytes of its SHA-256, signed."""
    return int.from_bytes(sha256(event_key.encode()).digest()[:8], signed=True)


def cell_of(minute: int, mark: int) -> int:
    """The cell of a mark in the epoch minute of its request. Cells are numbered as time goes."""
    return minute * CELLS_PER_MINUTE + mark % CELLS_PER_MINUTE


def hours_key(tenant: str, customer_id: str, meter: str) -> str:
    """The hash of what was used, by epoch hour of the request: the counter's own truth."""
    return customer_key(tenant, customer_id, f"hours:{meter}")


def closed_key(tenant: str, customer_id: str, meter: str) -> str:
    """The hash of the hours that the ledger has closed: epoch hour -> version of the closing."""
    return customer_key(tenant, customer_id, f"closed:{meter}")
