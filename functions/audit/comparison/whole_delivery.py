"""The payload of a delivery that the quarantine keeps whole comes in; its log events leave.

What cannot be read is None, and nothing raises: metering could not read it either, and its lines
are in the log group. Lines are as CloudWatch sent them: only what is kept line by line is redacted.
"""

import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# As far as metering opens one.
INFLATED_BYTES = 64 * 1024 * 1024
_GZIP_WBITS = 31


class WholeDelivery(NamedTuple):
    """Log events of one stream, unchecked."""

    log_group: str
    log_stream: str
    log_events: Sequence[object]


def read_whole(payload: Mapping[str, object]) -> WholeDelivery | None:
    """`payload` is a Lambda event of CloudWatch Logs."""
    logs = payload.get("awslogs")
    data = logs.get("data") if isinstance(logs, Mapping) else None
    envelope = _envelope(data) if isinstance(data, str) else None
    if not isinstance(envelope, dict):
        return None
    group, stream = envelope.get("logGroup"), envelope.get("logStream")
    log_events = envelope.get("logEvents")
    if not (isinstance(group, str) and isinstance(stream, str) and isinstance(log_events, list)):
        return None
    return WholeDelivery(group, stream, log_events)


def _envelope(data: str) -> object:
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    try:
        inflated = unpacker.decompress(binascii.a2b_base64(data), INFLATED_BYTES)
        # Broken UTF-8 in one line must not take its neighbours along.
        return json.loads(inflated.decode("utf-8", "replace"))
    except (ValueError, zlib.error, RecursionError):
        return None
