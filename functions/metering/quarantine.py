"""What is not understood or not trustworthy, kept raw in S3 with the reason, to be metered again.

`quarantine/<reason>/<yyyy-mm-dd>/<hh>/<hash>.json`: one object per delivery and reason, by the hour
of its first log event (`undated` where there is none to read). The name is a hash of the content:
a delivery that comes again finds its objects there and lets them be, since replay's filter and the
bucket's expiry go by how long they have been there. Members have the names of the subscription
payload, so that replay can make a delivery of them. Credentials are redacted.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.redaction import redacted, redacted_line
from functions.metering.log_delivery import LogDelivery, payload_text
from functions.metering.sorting import QuarantinedRequest
from functions.usage.errors import Retryable
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Quarantined

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PREFIX = "quarantine/"
WHOLE_DELIVERY = "delivery"
_IS_THERE = "PreconditionFailed"
_HASH_DIGITS = 40
_LAST_DATE_MS = 253_402_300_799_999  # 9999-12-31, where ISO dates end


class QuarantineObject(NamedTuple):
    """One S3 object."""

    key: str
    body: bytes


class QuarantineBucket:
    """Where they are kept."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, objects: Iterable[QuarantineObject]) -> int:
        """See to it that every object is there; how many. Retryable when S3 does not take one."""
        kept = 0
        for entry in objects:
            try:
                self._put(entry)
            except (ClientError, BotoCoreError) as error:
                message = f"s3://{self._bucket}/{entry.key} was not written: {error}"
                raise Retryable(message) from error
            kept += 1
        return kept

    def _put(self, entry: QuarantineObject) -> None:
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=entry.key,
                Body=entry.body,
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _IS_THERE:
                raise


def quarantined_lines(
    delivery: LogDelivery, refused: Iterable[QuarantinedRequest]
) -> Iterator[QuarantineObject]:
    """One object per reason, its log events in their order in the delivery."""
    by_reason: dict[str, list[dict[str, object]]] = defaultdict(list)
    for why, log_events in refused:
        by_reason[why.reason].extend(_kept(entry, why.detail) for entry in log_events)
    for reason, entries in by_reason.items():
        content = {
            "version": 1,
            "reason": reason,
            "owner": delivery.owner,
            "logGroup": delivery.log_group,
            "logStream": delivery.log_stream,
            "logEvents": entries,
        }
        yield _object(reason, _hour(entries), content)


def quarantined_delivery(payload: object, why: Quarantined) -> QuarantineObject:
    """The object that keeps a whole Lambda event."""
    text = payload_text(payload)
    content = {
        "version": 1,
        "reason": why.reason,
        "detail": why.detail,
        # The text that was to be decoded, an empty one too, or all of an event that has none.
        "payload": _redacted_value(payload) if text is None else text,
    }
    return _object(WHOLE_DELIVERY, "undated", content)


def _kept(entry: object, detail: str) -> dict[str, object]:
    if not isinstance(entry, Mapping):
        return {"detail": detail, "logEvent": _redacted_value(entry)}
    text = entry.get("message")
    return {
        "id": _redacted_value(entry.get("id")),
        "timestamp": _redacted_value(entry.get("timestamp")),
        "message": redacted_line(text) if isinstance(text, str) else _redacted_value(text),
        "detail": detail,
    }


def _redacted_value(value: object) -> object:
    """A JSON value with its texts redacted; one that holds others becomes its JSON text, because
    credentials are known by the names beside them.
    """
    if isinstance(value, list | dict):
        try:
            return redacted(json.dumps(value))
        except RecursionError:
            return "[nested too deeply to be kept]"
    return redacted(value) if isinstance(value, str) else value


def _object(reason: str, when: str, content: Mapping[str, object]) -> QuarantineObject:
    # Escaped to ASCII: what is kept may hold characters that UTF-8 cannot write.
    body = json.dumps(content, ensure_ascii=True).encode()
    digest = sha256(body).hexdigest()[:_HASH_DIGITS]
    return QuarantineObject(f"{PREFIX}{reason}/{when}/{digest}.json", body)


def _hour(entries: Iterable[Mapping[str, object]]) -> str:
    stamps = [stamp for entry in entries if type(stamp := entry.get("timestamp")) is int]
    first = min(stamps, default=-1)
    if not 0 <= first <= _LAST_DATE_MS:
        return "undated"
    day, _, rest = iso_from_epoch_ms(first).partition("T")
    return f"{day}/{rest[:2]}"
