"""Names of the ledger's objects come in; of each, its digest and the rows of one customer leave.

Rows of others are not validated where their bytes show whose they are: that costs a tenth.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError
from pydantic_core import to_json

from functions.adapters.json_lines import UnreadableObject, blocks, list_names, read_bodies
from functions.operator.statement.month_progress import MonthProgress
from functions.usage.ledger_row import LEDGER_ROW, LedgerRow

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_ENDING = ".json.gz"
_SLASHES = 3  # of ledger/<day>/<hour>/<object>
_ESCAPE = b"\\"


class CustomerObject(NamedTuple):
    """`sha256` is of the object's bytes as they stand in S3, in hexadecimal."""

    name: str
    sha256: str
    rows: list[LedgerRow]


class CustomerObjects:
    """The ledger in one bucket, as one customer's. What botocore raises is passed on, with the
    object's name as its note; UnreadableObject names an object that is not of this ledger.
    """

    def __init__(
        self, client: "S3Client", bucket: str, customer: str, progress: MonthProgress
    ) -> None:
        self.client = client
        self.bucket = bucket
        self.customer = customer
        self.progress = progress
        # As JSON writes it; where a sign could be written in two ways, there is an escape.
        self._written = to_json(customer)

    def names(self, prefix: str, since: datetime | None = None) -> Iterator[str]:
        """All objects under `prefix`, in the order of hours and writers; what no forwarder names so
        is passed over.
        """
        for name in list_names(self.client, self.bucket, prefix, since=since):
            self.progress.look(name)
            if name.endswith(_ENDING) and name.count("/") == _SLASHES:
                yield name

    def read(self, names: Iterable[str]) -> Iterator[CustomerObject]:
        """All of them; without a row of the customer, too. The next ones are fetched meanwhile."""
        for name, body in read_bodies(self.client, self.bucket, names):
            self.progress.tell(name)
            yield CustomerObject(name, sha256(body).hexdigest(), list(self._rows(name, body)))

    def _rows(self, name: str, body: bytes) -> Iterator[LedgerRow]:
        for block in blocks(name, body):
            if not self._may_name(block):
                continue
            for line in filter(self._may_name, block.split(b"\n")):
                row = _row(name, line)
                if row["customerId"] == self.customer:
                    yield row

    def _may_name(self, text: bytes) -> bool:
        return self._written in text or _ESCAPE in text


def day_of_object(name: str) -> str:
    """`ledger/2026-10-02/08/...` -> `2026-10-02`."""
    return name.split("/", 2)[1]


def hour_of_object(name: str) -> str:
    """`ledger/2026-10-02/08/...` -> `2026-10-02T08`."""
    _, day, hour, _ = name.split("/", 3)
    return f"{day}T{hour}"


def _row(name: str, line: bytes) -> LedgerRow:
    try:
        return LEDGER_ROW.validate_json(line)
    except ValidationError as error:
        # Without its input: usage stands in no log.
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise UnreadableObject(name, f"no row of a ledger: {where} {fault['msg']}") from None
