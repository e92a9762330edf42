"""Objects of the ledger come in, in the order of their names; the sums of each hour leave.

Guaranteed: each key counts once, its confirmed row if it has one, else its first: as in
`aforo-metering ledger`. Memory grows by 12 to 36 bytes for each key of the customer's busiest hour,
and by the names and digests of that hour's objects.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from functions.adapters.key_filter import fingerprint
from functions.operator.ledger.fingerprint_set import FingerprintSet
from functions.operator.statement.customer_objects import (
    CustomerObject,
    CustomerObjects,
    hour_of_object,
)
from functions.operator.statement.usage_sums import UsageSums


class ObjectDigest(NamedTuple):
    """One object that holds a row of the customer."""

    name: str
    sha256: str

    def line(self) -> bytes:
        """As `sha256sum` writes it."""
        return f"{self.sha256}  {self.name}\n".encode()


class SettledHour(NamedTuple):
    """`hour` is such as `2026-10-02T08`."""

    hour: str
    objects: list[ObjectDigest]
    sums: UsageSums

    def as_json(self) -> dict[str, object]:
        """One digest for all objects, over their lines; a list of them stands elsewhere."""
        whole = sha256(b"".join(one.line() for one in self.objects))
        return {"hour": self.hour, "objects": len(self.objects), "sha256": whole.hexdigest()}


def settled_hours(
    ledger: CustomerObjects, names: Iterable[str], at_ms: int
) -> Iterator[SettledHour]:
    """Hours without a row of the customer are left out."""
    for hour, objects in groupby(ledger.read(names), key=lambda one: hour_of_object(one.name)):
        found = _settled(ledger, hour, objects, at_ms)
        if found.objects:
            yield found


def _settled(
    ledger: CustomerObjects, hour: str, objects: Iterable[CustomerObject], at_ms: int
) -> SettledHour:
    found = SettledHour(hour, [], UsageSums(at_ms))
    seen, with_set_aside = FingerprintSet(), []
    for one in objects:
        if one.rows:
            found.objects.append(ObjectDigest(one.name, one.sha256))
        for row in one.rows:
            if row["outcome"] == "confirmed" and seen.add(fingerprint(row["key"])):
                found.sums.add(row)
        if any(row["outcome"] == "set_aside" for row in one.rows):
            with_set_aside.append(one.name)
    # Only now it is known which set-aside keys were confirmed in the end.
    for one in ledger.read(with_set_aside):
        for row in one.rows:
            if row["outcome"] == "set_aside" and seen.add(fingerprint(row["key"])):
                found.sums.add(row)
    return found
