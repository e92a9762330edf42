"""A customer's closed statements, in the order in which they were closed; and the next one, put.

Guaranteed: a statement is put once and never over another one. Of two that are closed at the same
time under one number, the check of the chain names both.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from functions.adapters.json_lines import list_names, put_unless_there
from functions.operator.statement.statement_document import (
    ENDING,
    Fields,
    SignedText,
    customer_folder,
    signed,
    statement_name,
)
from functions.usage.moment import DAY_MS, epoch_ms_from_iso

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


# The template's ExpirationInDays; a test compares them.
RETENTION_DAYS = 400
RETENTION_MS = RETENTION_DAYS * DAY_MS


class ChainFault(NamedTuple):
    """What shows that a past was changed. `month` is such as `2026-11`."""

    month: str
    fault: str
    is_unfinished: bool = False  # perhaps nobody's change: a closing that was interrupted


class ClosedChain(NamedTuple):
    """`statements` by their number; what cannot be read, or does not fit, is a fault."""

    statements: list[SignedText]
    faults: list[ChainFault]

    def of(self, month: str) -> SignedText | None:
        return next((one for one in self.statements if one.closed.month == month), None)

    @property
    def last(self) -> SignedText | None:
        return self.statements[-1] if self.statements else None


def read_chain(client: "S3Client", bucket: str, customer: str, now_ms: int) -> ClosedChain:
    """What botocore raises is passed on."""
    folder = customer_folder(customer)
    found: list[SignedText] = []
    faults: list[ChainFault] = []
    unfinished: dict[str, None] = {}
    for name in list_names(client, bucket, folder):
        month, _, rest = name.removeprefix(folder).partition("/")
        if rest:
            unfinished[month] = None
            continue
        month = month.removesuffix(ENDING)
        body = client.get_object(Bucket=bucket, Key=name)["Body"].read()
        read = SignedText.read(body)
        if read is None or (read.closed.customer_id, read.closed.month) != (customer, month):
            faults.append(ChainFault(month, "the statement's own text was changed"))
        else:
            found.append(read)
    found.sort(key=lambda one: (one.closed.number, one.closed.month))
    known = {one.closed.month for one in found} | {fault.month for fault in faults}
    faults += [
        ChainFault(month, _UNFINISHED, is_unfinished=True)
        for month in unfinished
        if month not in known
    ]
    return ClosedChain(found, [*faults, *_broken_links(found, now_ms)])


_UNFINISHED = (
    "lists of objects are there, and no statement: a closing was interrupted (close it again), or"
    " the statement was taken away"
)


def _broken_links(found: list[SignedText], now_ms: int) -> Iterator[ChainFault]:
    before: SignedText | None = None
    for one in found:
        closed, expected = one.closed, before.closed.number + 1 if before else 1
        if before is None and _is_what_is_left(one, now_ms):
            pass
        elif closed.number != expected:
            fault = f"it is number {closed.number} of the chain, where {expected} should stand"
            yield ChainFault(closed.month, fault)
        elif not _links(one, before):
            yield ChainFault(closed.month, "it does not lead to the statement before it")
        before = one


def _is_what_is_left(one: SignedText, now_ms: int) -> bool:
    """Whether those before it have expired, as everything in this bucket does."""
    previous = one.closed.previous
    return previous is not None and is_past_retention(previous.made_at, now_ms)


def is_past_retention(written_at: str, now_ms: int) -> bool:
    """Whether the lifecycle rule of the bucket removes what was written then."""
    return now_ms - epoch_ms_from_iso(written_at) > RETENTION_MS


def _links(one: SignedText, before: SignedText | None) -> bool:
    previous = one.closed.previous
    if before is None or previous is None:
        return before is None and previous is None
    return (previous.month, previous.sha256) == (before.closed.month, before.sha256)


def put_statement(
    client: "S3Client", bucket: str, customer: str, month: str, fields: Fields
) -> bool:
    """False: another one of this month is there. Done again with the same text, it is True."""
    name, body = statement_name(customer, month), signed(fields)
    if put_unless_there(client, bucket, name, body, content_type="application/json"):
        return True
    return bool(client.get_object(Bucket=bucket, Key=name)["Body"].read() == body)
