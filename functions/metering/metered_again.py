"""A delivery that replay asks metering to take again: what it asks comes in, the answer leaves.

`{"awslogs": {...}, "replay": {"id": ..., "dryRun": ..., "fromLog": ..., "maybeBilled": ...}}`:
CloudWatch Logs writes nothing beside `awslogs`, whatever stands in a log; only who may invoke the
function can ask.
"""

import zlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import ConfigDict, Field
from pydantic_core import from_json, to_json

from functions.metering.sorting import QuarantinedRequest, SortedRequests
from functions.usage.event import UsageEvent, meter_of
from functions.usage.from_outside import FromOutside

ASKED = "replay"
AUDIT = "audit"  # another question, which stands in the same place (audit_question.py)
INCOMPLETE = "incomplete"

# Key, customer, meter, quantity, occurredAt.
type UsageRow = tuple[str, str, str, int | float, str]


class Replay(FromOutside):
    """Who asks, and what for."""

    model_config = ConfigDict(strict=True)

    id: str = Field(min_length=1, max_length=80)  # the name of an execution
    dry_run: bool  # says what would become of it, and does nothing
    from_log: bool  # lines read from the log group, not out of the quarantine
    maybe_billed: bool = False  # they were metered before, and the ledger alone lacks them


class MeteredDelivery(NamedTuple):
    """What became of a delivery. `kept` are the names of its quarantine objects, `usage` its
    events; the latter only for a replay.
    """

    found: SortedRequests | None = None
    kept: tuple[str, ...] = ()
    excluded_whole: str = ""
    quarantined_whole: str = ""
    usage: tuple[UsageRow, ...] = ()

    def answer(self) -> dict[str, object]:
        """What an invocation that waits for it is told."""
        excluded = dict(self.found.excluded) if self.found else {}
        quarantined = reasons_of(self.found.quarantined) if self.found else {}
        return {
            "billed": self.found.billed if self.found else 0,
            "excluded": excluded | ({self.excluded_whole: 1} if self.excluded_whole else {}),
            "quarantined": quarantined
            | ({self.quarantined_whole: 1} if self.quarantined_whole else {}),
            "kept": self.kept,
            "incomplete": _incomplete(self.found.quarantined if self.found else ()),
            "usage": _packed(self.usage),
        }


def replay_of(payload: object) -> Replay | None:
    """Who asks, if a replay does. ValueError (pydantic's) for one that does not ask properly: to
    take its delivery as an ordinary one might bill what was to be tried dry.
    """
    asked = payload.get(ASKED) if isinstance(payload, Mapping) else None
    return None if asked is None else Replay.model_validate(asked)


def as_delivered(payload: object) -> object:
    """The payload as CloudWatch made it, so that the quarantine keeps it under its old name."""
    if not isinstance(payload, Mapping):
        return payload
    return {name: value for name, value in payload.items() if name != ASKED}


def is_news(replay: Replay | None) -> bool:
    """Whether what is quarantined now rings the bell. What came out of the quarantine rang when it
    came there, unless it came as incomplete, which rings none: a schedule reads it from the log.
    """
    return replay is None or replay.from_log


def to_keep(
    refused: Iterable[QuarantinedRequest], replay: Replay | None
) -> list[QuarantinedRequest]:
    """What has to be quarantined. Lines that were read from the log again and are incomplete still
    are in the quarantine: kept once more under another name, they would never end.
    """
    if replay is None or not replay.from_log:
        return list(refused)
    return [entry for entry in refused if entry.why.reason != INCOMPLETE]


def usage_rows(event_texts: Iterable[str]) -> tuple[UsageRow, ...]:
    return tuple(map(_row, event_texts))


def at_aforo_since(event_texts: Iterable[str], replay: Replay | None) -> str:
    """Since when Aforo may have the events: what is missing in the ledger may have been billed as
    soon as it was made. Empty: it has not.
    """
    if replay is None or not replay.maybe_billed:
        return ""
    return min((row[-1] for row in usage_rows(event_texts)), default="")


def reasons_of(refused: Iterable[QuarantinedRequest]) -> dict[str, int]:
    """How many requests, by reason."""
    times: dict[str, int] = {}
    for why, _ in refused:
        times[why.reason] = times.get(why.reason, 0) + 1
    return times


def _packed(rows: tuple[UsageRow, ...]) -> str:
    """Their JSON, deflated, in base64. Lambda answers with 6 MB at most, and a delivery of 10,000
    lines under six meters has more rows than that, after all of them were sent.
    """
    return b64encode(zlib.compress(to_json(rows), 1)).decode() if rows else ""


def _row(text: str) -> UsageRow:
    event: UsageEvent = from_json(text)
    return (
        event["idempotencyKey"],
        event["customerId"],
        meter_of(event),
        event["quantity"],
        event["occurredAt"],
    )


def _incomplete(refused: Iterable[QuarantinedRequest]) -> list[str]:
    """The places of requests that are not whole, as the quarantine names them."""
    return [why.detail for why, _ in refused if why.reason == INCOMPLETE]
