"""A CloudWatch Logs subscription payload comes in; its log events leave, decoded but not judged.

Nothing raises: what cannot be decoded is `Quarantined` as a whole. What a payload may inflate to
is bounded, since 1 MB of gzip can open to a gigabyte (gateway-logs.md 3).
"""

import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from pydantic_core import from_json

from functions.usage.outcome import Excluded, Quarantined

# Ten thousand lines of our format are 8 MB; 64 MiB of them take 240 MB of the function's 1,024.
INFLATED_BYTES = 64 * 1024 * 1024
_GZIP_WBITS = 31

CONTROL_MESSAGE = Excluded("control_message")


class LogDelivery(NamedTuple):
    """Log events of one stream. An event is whatever the payload holds: a mapping, if all is well,
    with `id`, `timestamp` and `message`, none of which is checked yet.
    """

    owner: str
    log_group: str
    log_stream: str
    log_events: Sequence[object]


def read_delivery(payload: object) -> LogDelivery | Excluded | Quarantined:
    """The delivery in a Lambda event. A control message only probes the way: excluded."""
    data = payload_text(payload)
    if data is None:
        return Quarantined("not_a_delivery", "the event holds no text at awslogs.data")
    inflated = _inflated(data)
    if isinstance(inflated, Quarantined):
        return inflated
    envelope = _envelope(inflated)
    return envelope if isinstance(envelope, Quarantined) else read_envelope(envelope)


def read_envelope(envelope: Mapping[str, object]) -> LogDelivery | Excluded | Quarantined:
    """The delivery in a decoded payload."""
    match envelope.get("messageType"):
        case "DATA_MESSAGE":
            return _delivery(envelope)
        case "CONTROL_MESSAGE":
            return CONTROL_MESSAGE
        case _:
            return Quarantined("unknown_message_type", "neither DATA_MESSAGE nor CONTROL_MESSAGE")


def payload_text(payload: object) -> str | None:
    """The base64 text of a subscription payload, if it is one."""
    logs = payload.get("awslogs") if isinstance(payload, Mapping) else None
    data = logs.get("data") if isinstance(logs, Mapping) else None
    return data if isinstance(data, str) else None


def _inflated(data: str) -> bytes | Quarantined:
    try:
        zipped = binascii.a2b_base64(data, strict_mode=True)
    except ValueError:  # binascii.Error is one, and so is what is not ASCII
        return Quarantined("bad_base64", "awslogs.data is not base64")
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    try:
        inflated = unpacker.decompress(zipped, INFLATED_BYTES + 1)
    except zlib.error as error:
        return Quarantined("bad_gzip", str(error))
    if len(inflated) > INFLATED_BYTES:
        return Quarantined("too_large", f"inflates to more than {INFLATED_BYTES} bytes")
    if not unpacker.eof:
        return Quarantined("bad_gzip", "cut short")
    if unpacker.unused_data:
        return Quarantined("bad_gzip", "bytes after the end")
    return inflated


def _envelope(inflated: bytes) -> Mapping[str, object] | Quarantined:
    try:
        found: object = from_json(inflated)
    except ValueError:
        found = _read_leniently(inflated)
    if isinstance(found, dict):
        return cast("Mapping[str, object]", found)
    return found if isinstance(found, Quarantined) else Quarantined("bad_json", "not an object")


def _read_leniently(inflated: bytes) -> object:
    """Broken UTF-8 and lone surrogates in one line must not take its neighbours along: they are
    replaced or kept here, and quarantine only the line that they stand in.
    """
    try:
        return json.loads(inflated.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        return Quarantined("bad_json", type(error).__name__)


def _delivery(envelope: Mapping[str, object]) -> LogDelivery | Quarantined:
    log_events = envelope.get("logEvents")
    if not isinstance(log_events, list):
        return Quarantined("bad_shape", "logEvents is not a list")
    owner, group, stream = (envelope.get(name) for name in ("owner", "logGroup", "logStream"))
    if not (isinstance(owner, str) and isinstance(group, str) and isinstance(stream, str)):
        return Quarantined("bad_shape", "owner, logGroup and logStream must be texts")
    return LogDelivery(owner, group, stream, log_events)
