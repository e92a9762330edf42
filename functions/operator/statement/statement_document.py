"""What a statement says, as JSON; and the text of a closed one, with its digest.

    {"sha256": "<of the canonical JSON of the statement>", "statement": {...}}

Canonical: names sorted, no spaces, UTF-8, no number but integers; quantities are decimal text. So
`jq -cSj .statement FILE | sha256sum` gives the digest. Pure.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, NamedTuple, Self
from urllib.parse import quote

from pydantic import ConfigDict, Field

from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.object_lists import ListedDay
from functions.usage.from_outside import FromOutside

STATEMENTS_PREFIX = "statements/"
ENDING = ".json"

type Fields = Mapping[str, object]
type _Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
type _Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
type _Moment = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")]


class PreviousStatement(FromOutside):
    """The statement of the same customer that was closed before."""

    month: _Month
    sha256: str
    made_at: _Moment


class _ListedObjects(FromOutside):
    day: _Day
    objects: int
    sha256: str


class LedgerPart(FromOutside):
    """What the figures are made of. `lists` also has the days of `settledAfterClosing`."""

    objects: int
    hours: tuple[dict[str, object], ...]
    lists: tuple[_ListedObjects, ...]


class ClosedStatement(FromOutside):
    """What a later statement, or a check, needs of a closed one."""

    model_config = ConfigDict(extra="ignore")

    version: int
    customer_id: str
    month: _Month
    made_at: _Moment
    number: int = Field(ge=1)
    previous: PreviousStatement | None
    usage: dict[str, object]
    ledger: LedgerPart

    @property
    def lists(self) -> list[ListedDay]:
        return [ListedDay(one.day, one.objects, one.sha256) for one in self.ledger.lists]


class SignedText(NamedTuple):
    """A closed statement as it stands in S3."""

    sha256: str
    fields: Fields
    closed: ClosedStatement

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        """None: not one byte after another what was written."""
        try:
            found = json.loads(body)
            fields = found["statement"]
            closed = ClosedStatement.model_validate(fields)
            is_whole = body == signed(fields)
        except (ValueError, TypeError, KeyError):
            return None
        return cls(digest(fields), fields, closed) if is_whole else None


def canonical(fields: object) -> bytes:
    """One text for one meaning."""
    return json.dumps(
        fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode(errors="surrogatepass")


def digest(fields: Fields) -> str:
    """SHA-256 of its canonical JSON, in hexadecimal."""
    return sha256(canonical(fields)).hexdigest()


def signed(fields: Fields) -> bytes:
    """The text to keep."""
    return canonical({"sha256": digest(fields), "statement": fields}) + b"\n"


def customer_folder(customer: str) -> str:
    """Where a customer's statements stand; a customer's name may have any sign."""
    return f"{STATEMENTS_PREFIX}{quote(customer, safe='')}/"


def statement_name(customer: str, month: CalendarMonth | str) -> str:
    return f"{customer_folder(customer)}{month}{ENDING}"


def lists_folder(customer: str, month: CalendarMonth | str) -> str:
    return f"{customer_folder(customer)}{month}/"
