"""When a ledger began: from then on it has everything that was settled, and before it nothing.

Two things tell it, and neither may name too early a time: a mark that the repair leaves when a
stack runs for the first time (`ledger/began.json`, never changed), and the writers of the oldest
hours, whose names begin with when they wrote. A ledger that another stack began says so itself.
"""

import re
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import AwareDatetime, BaseModel, ValidationError

from functions.adapters.json_lines import UnreadableObject, list_names, put_unless_there
from functions.adapters.ledger import LEDGER_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3.client import S3Client

MARK = f"{LEDGER_PREFIX}began.json"
# One call. The oldest hours may have been written later than others, by usage that was late.
NAMES_LOOKED_AT = 1000
_WRITER = re.compile(r"\d{8}T\d{9}Z")


class _Mark(BaseModel):
    began: AwareDatetime


class LedgerBeginning:
    """The beginning of the ledger in one bucket. What botocore raises is passed on."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def mark(self, now: datetime) -> None:
        """Leave the mark, unless there is one."""
        body = _Mark(began=now).model_dump_json().encode()
        put_unless_there(self._client, self._bucket, MARK, body, content_type="application/json")

    def moment(self) -> datetime | None:
        """None: nothing says that it has begun. UnreadableObject for a mark that is none."""
        told = [*self._marked(), *self._written()]
        return min(told, default=None)

    def _marked(self) -> "Iterator[datetime]":
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=MARK)["Body"].read()
            yield _Mark.model_validate_json(body).began
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
        except ValidationError:
            raise UnreadableObject(MARK, "no mark of a ledger's beginning") from None

    def _written(self) -> "Iterator[datetime]":
        names = list_names(self._client, self._bucket, LEDGER_PREFIX)
        for name in islice(names, NAMES_LOOKED_AT):
            if found := _WRITER.match(name.rpartition("/")[2]):
                yield datetime.strptime(found[0], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
