"""The caller's traceparent, when it is strictly what W3C Trace Context (3.2) says; else nothing."""

import re

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


def valid_traceparent(value: str | None) -> str | None:
    """`value` if valid. It goes into the access log, so nothing else of it is let through."""
    match = _TRACEPARENT.fullmatch(value) if value else None
    if match is None or match[1] == "ff" or not match[2].strip("0") or not match[3].strip("0"):
        return None
    return value
