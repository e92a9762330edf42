"""All lines of one request id come in, in the log's order; those of the request meant leave.

A caller chooses the id, and may choose one for all its requests. Guaranteed: what leaves is whole
groups as metering makes them, so that it makes the same ones of them, and no line of another
request passes for one of ours. Where requests overlap, metering cannot tell them apart, and all of
them leave. Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.usage.vended_line import Wrapped, unwrapped

type Line = Mapping[str, Any]  # of an execution log: `id`, `timestamp` and `message`

# As metering groups (functions/metering/execution/grouping.py); the tests hold the two together.
_EXTENDED = "Extended Request Id:"
_ENDS = ("Method completed with status:", "Gateway response type:", "Unauthorized request:")
_TRUNCATED = " [TRUNCATED]"


@dataclass(slots=True)
class _Group:
    identities: set[str] = field(default_factory=set)
    ends: int = 0
    lines: list[Line] = field(default_factory=list)

    def is_over(self, identity: str | None) -> bool:
        """Whether the line with this identity begins the next group."""
        return bool(
            identity and identity not in self.identities and self.ends >= len(self.identities)
        )

    def holds(self, extended_request_id: str | None, moments: Collection[object]) -> bool:
        return (extended_request_id is None or extended_request_id in self.identities) and set(
            moments
        ) <= {line["timestamp"] for line in self.lines}


def line_of(message: object, request_id: str) -> Wrapped | None:
    """The line of a log event, with the API and stage that a vended one names; None where it is
    not of this request id.
    """
    if not isinstance(message, str):
        return None
    found = unwrapped(message)
    if isinstance(found, Wrapped) and found.line.startswith(f"({request_id}) "):
        return found
    return None


def lines_of_request(
    lines: Iterable[Line],
    request_id: str,
    extended_request_id: str | None,
    own: Collection[Line],
) -> list[Line]:
    """`own` are lines that are known to be its own, as they are kept. Empty while they are not all
    there; of several requests only where nothing tells them apart but parts of a millisecond.
    """
    # By times and APIs alone: what is kept is redacted, and an id may look like a credential.
    moments = {one.get("timestamp") for one in own}
    last = max((one for one in moments if isinstance(one, int)), default=0)
    known = (unwrapped(text) for one in own if isinstance(text := one.get("message"), str))
    apis = {(one.api_id, one.stage) for one in known if isinstance(one, Wrapped)}
    found: list[Line] = []
    for group in _groups(lines, request_id, apis):
        if group.lines[0]["timestamp"] > last:
            break
        if group.holds(extended_request_id, moments):
            found += group.lines
            if extended_request_id:
                break  # API Gateway chose it: there is no second
    return found


def _groups(
    lines: Iterable[Line], request_id: str, apis: Collection[tuple[str | None, str | None]]
) -> Iterator[_Group]:
    """Of these APIs: a group that vended logs are delivered to may hold several."""
    group = _Group()
    for line in lines:
        wrapped = line_of(line["message"], request_id)
        if wrapped is None or (wrapped.api_id, wrapped.stage) not in apis:
            continue
        text = wrapped.line[len(f"({request_id}) ") :]
        identity = _identity(text)
        if group.is_over(identity):
            if group.lines:
                yield group
            group = _Group()
        if identity:
            group.identities.add(identity)
        group.ends += text.startswith(_ENDS)
        group.lines.append(line)
    if group.lines:
        yield group


def _identity(text: str) -> str | None:
    if not text.startswith(_EXTENDED) or text.endswith(_TRUNCATED):
        return None
    return text[len(_EXTENDED) :].strip() or None
