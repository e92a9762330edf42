"""Makes outcomes durable, in the order in which a crash loses nothing.

Outcomes by message come in; the ids of the messages whose outcome could not be made durable leave:
they come back, and everything here is done again, which changes nothing (architecture.md, The
hand-overs).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.message_queue import Sender
from functions.adapters.telemetry import NOT_SETTLED, Telemetry
from functions.forwarder.forwarded import Forwarded, Stamp
from functions.forwarder.inbox import Unreadable
from functions.forwarder.set_aside import set_aside_bodies, unreadable_body
from functions.forwarder.settled_rows import counted_once, settled_rows
from functions.usage.errors import UsageError
from functions.usage.ledger_row import LedgerRow
from functions.usage.message import settled_bodies
from functions.usage.metric import Metric


class RowKeeper(Protocol):
    """The ledger (`functions.adapters.ledger`)."""

    def append(self, rows: Sequence[LedgerRow], writer: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Settlement:
    """The three places where outcomes become durable."""

    usage_dead_letter: Sender
    ledger: RowKeeper
    settled: Sender
    telemetry: Telemetry

    def settle(
        self, forwarded: Sequence[Forwarded], unreadable: Sequence[Unreadable], stamp: Stamp
    ) -> set[str]:
        """Ids of the messages that must come back because something here failed."""
        # 2. What Aforo will not take is in UsageDeadLetterQueue. Dying after this sets it aside
        #    a second time: replay posts each key twice, and Aforo answers `duplicate`. The other
        #    order would let the ledger say set aside of usage that is in no queue.
        refused = self._set_aside(forwarded, unreadable, stamp)
        rows = settled_rows(forwarded, refused, stamp)
        # 3. The ledger has every settled event. Dying before this: the message comes back, Aforo
        #    answers `duplicate`, and the row is written then. Dying after it: written twice,
        #    which is once.
        # 4. SettledUsageQueue has them: the counters will. Dying before this: as above; after it:
        #    counted once, because of the mark in Redis.
        is_settled = self._write(rows, stamp) and self._announce(rows)
        return refused if is_settled else refused | {one.message_id for one in forwarded}

    def _set_aside(
        self, forwarded: Sequence[Forwarded], unreadable: Sequence[Unreadable], stamp: Stamp
    ) -> set[str]:
        bodies = [
            body
            for one in forwarded
            for body in set_aside_bodies(one.received, one.set_aside(), stamp.now_ms)
        ]
        bodies += [unreadable_body(one, stamp.now_ms) for one in unreadable]
        try:
            self.usage_dead_letter.send(bodies)
        except (BotoCoreError, ClientError, UsageError) as error:
            self._note("UsageDeadLetterQueue", error)
            waiting = {one.message_id for one in forwarded if one.set_aside()}
            return waiting | {one.envelope.message_id for one in unreadable}
        return set()

    def _write(self, rows: Sequence[LedgerRow], stamp: Stamp) -> bool:
        try:
            self.ledger.append(rows, stamp.writer)
        except (BotoCoreError, ClientError, UsageError) as error:
            self._note("ledger", error)
            return False
        return True

    def _announce(self, rows: Iterable[LedgerRow]) -> bool:
        try:
            self.settled.send(settled_bodies(counted_once(rows)))
        except (BotoCoreError, ClientError, UsageError) as error:
            self._note("SettledUsageQueue", error)
            return False
        return True

    def _note(self, place: str, error: Exception) -> None:
        self.telemetry.count(Metric.SETTLING_FAILED, reason=place)
        self.telemetry.log.error(NOT_SETTLED, place=place, fault=str(error))
