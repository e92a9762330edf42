"""An audit's question comes in; what metering makes of each request of the window leaves.

    {"account": base64 of deflated JSON, empty where there is nothing to tell}
      billed            [[customer, [place of a log event, ...], [[key, meter, quantity, at], ...]]]
      excluded          {reason: {customer who would have paid, or "": times}}
      quarantined       [[reason, [place, ...]], ...]
      quarantinedWhole  why the payload could not be read at all, or ""
      unended           [[place, ...], ...] where there are some: requests of an execution log that
                        begin in the window and whose end may stand behind the lines
    {"tooLarge": ...}   the answer would not fit; fewer lines have a smaller one

Read and billed by the same road as a delivery, and nothing else: nothing is sent, kept or counted.
"""

import zlib
from base64 import b64encode
from collections.abc import Callable

from pydantic_core import to_json

from functions.metering.accounted import AccountedRequests, TooManyRows
from functions.metering.audit_question import audit_of
from functions.metering.declared_source import DeclaredSource
from functions.metering.intake import CurrentConfiguration
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.outcome import Quarantined

# Lambda answers with 6 MB at most; what stands around the text is a few bytes.
ANSWER_BYTES = 6_000_000
TOO_LARGE = {"tooLarge": "the answer is larger than the 6 MB of Lambda: ask with fewer lines"}
NOTHING: dict[str, object] = {"account": ""}


class Accounting:
    """Answers for one metering function."""

    def __init__(
        self, source: DeclaredSource, terms: CurrentConfiguration, now_ms: Callable[[], int]
    ) -> None:
        self._source = source
        self._terms = terms
        self._now_ms = now_ms

    def answer(self, payload: object, own_log_group: str) -> dict[str, object]:
        """ValueError for a question that is not put properly."""
        asked = audit_of(payload)
        delivery = read_delivery(payload)
        if isinstance(delivery, Quarantined):
            return _packed(_account(quarantined_whole=delivery.reason))
        if not isinstance(delivery, LogDelivery) or delivery.log_group == own_log_group:
            return NOTHING
        if delivery.log_stream == HEARTBEAT_STREAM:
            return NOTHING
        found = AccountedRequests(self._terms.current(), self._now_ms(), asked, delivery.log_events)
        try:
            self._source.fill(delivery, found)
        except TooManyRows:
            return dict(TOO_LARGE)
        account = _account(found)
        return _packed(account) if any(account.values()) else NOTHING


def _account(
    found: AccountedRequests | None = None, quarantined_whole: str = ""
) -> dict[str, object]:
    account: dict[str, object] = {
        "billed": found.paid if found else [],
        "excluded": found.free if found else {},
        "quarantined": found.refused if found else [],
        "quarantinedWhole": quarantined_whole,
    }
    return account | ({"unended": found.unended} if found and found.unended else {})


def _packed(account: dict[str, object]) -> dict[str, object]:
    text = b64encode(zlib.compress(to_json(account), 1)).decode()
    return {"account": text} if len(text) < ANSWER_BYTES else dict(TOO_LARGE)
