"""The counters' protocol as a state machine, and the protocols that look right and are not.

One hour of one customer: a few events of one unit each, workers that take their messages from a
queue that delivers at least once, in any order and twice at the same time, and repairers that read
the ledger and close the hour. A worker writes the ledger, then the counter, then acknowledges; it
may crash before each step. Redis may fail over to any earlier copy, or be flushed.

The scripts of `functions/reconciliation/counters/scripts` are one step each here, as in Redis:
`settle` is SETTLE, `close` is CLOSE, `forget` is FORGET. A broken variant changes one thing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Store(NamedTuple):
    """Redis: the count, marks (a bit for each event) and the version that closed the hour."""

    used: int = 0
    marks: int = 0
    closed: int = 0


class Spent(NamedTuple):
    """What has happened so far, of the things that only happen so often."""

    reads: int = 0
    failovers: int = 0
    flushes: int = 0


class Worker(NamedTuple):
    """Busy with an event: at which step, and what it noted (the epoch, where a variant has one)."""

    event: int
    step: int = 0
    noted: int = 0


class Repairer(NamedTuple):
    """Between the version it took and its closing; `read`: the ledger's events, -1: not read yet.

    `is_forgetting`: closed, and the marks beyond the first set are still to go.
    """

    version: int
    read: int = -1
    is_forgetting: bool = False


class State(NamedTuple):
    """Everything. `left` are deliveries left by event, `unacked` and `ledger` bits by event."""

    store: Store
    copy: Store
    ledger: int
    left: tuple[int, ...]
    unacked: int
    workers: tuple[Worker | None, ...]
    repairers: tuple[Repairer | None, ...]
    spent: Spent


@dataclass(frozen=True, kw_only=True)
class Counting:
    """A protocol in a world of a certain size.

    `settling`: settle (one script), or add, mark_add, add_mark, in_progress (two or three steps),
    epoch_settle (one script that refuses another epoch). `repairing`: close, none, or blind, max,
    epoch, ledger_marks, all_marks, which know no closed hours. `counts_into_closed` and
    `forgets_open_hours` break the scripts.
    """

    settling: str = "settle"
    repairing: str = "close"
    events: int = 2
    workers: int = 2
    deliveries: int = 2
    repairers: int = 2
    reads: int = 2
    failovers: int = 1
    flushes: int = 0
    counts_into_closed: bool = False
    forgets_open_hours: bool = False

    @property
    def _counts_always(self) -> bool:
        return self.counts_into_closed or self.repairing != "close"

    def start(self) -> State:
        """Nothing has come yet."""
        return State(
            store=Store(),
            copy=Store(),
            ledger=0,
            left=(self.deliveries,) * self.events,
            unacked=(1 << self.events) - 1,
            workers=(None,) * self.workers,
            repairers=(None,) * self.repairers,
            spent=Spent(),
        )

    def successors(self, state: State) -> Iterator[State]:
        """Every state that one step of anybody leads to."""
        for place, worker in enumerate(state.workers):
            if worker is None:
                yield from self._deliveries(state, place)
            else:
                yield from self._work(state, place, worker)
        for place, repairer in enumerate(state.repairers):
            yield from self._repair(state, place, repairer)
        yield from self._losses(state)

    def fault_of(self, state: State) -> str:
        """What must never be; empty: nothing is wrong."""
        used, settled = state.store.used, state.ledger.bit_count()
        if used > settled:
            return f"over: used {used}, ledger {settled}"
        if not state.unacked and not any(state.workers) and not any(state.repairers):
            if self.repairing == "close":  # one more repair, which the schedule will make
                used = self._closed(state.store, state.spent.reads + 1, state.ledger).used
            if used != settled:
                return f"not exact at rest: used {used}, ledger {settled}"
        return ""

    def _deliveries(self, state: State, place: int) -> Iterator[State]:
        for event in range(self.events):
            if state.left[event]:
                left = _with(state.left, event, state.left[event] - 1)
                workers = _with(state.workers, place, Worker(event))
                yield state._replace(left=left, workers=workers)

    def _work(self, state: State, place: int, worker: Worker) -> Iterator[State]:
        bit = 1 << worker.event
        idle = _with(state.workers, place, None)
        if worker.step == 0:
            yield self._moved(state, place, worker)._replace(ledger=state.ledger | bit)
        elif worker.step == _ACKNOWLEDGE:
            yield state._replace(workers=idle, unacked=state.unacked & ~bit)
        else:
            store, after = self._count(state.store, worker, bit)
            yield state._replace(store=store, workers=_with(state.workers, place, after))
        # A crash, where the message comes again: it does until it is acknowledged.
        if state.left[worker.event] or not state.unacked & bit:
            yield state._replace(workers=idle)

    def _moved(self, state: State, place: int, worker: Worker) -> State:
        return state._replace(workers=_with(state.workers, place, worker._replace(step=1)))

    def _count(self, store: Store, worker: Worker, bit: int) -> tuple[Store, Worker]:
        """One step of the counter's side, and where the worker is after it."""
        match self.settling:
            case "settle":
                found = self._settle(store, worker, bit)
            case "add":
                found = store._replace(used=store.used + 1), _done(worker)
            case "epoch_settle":
                found = self._epoch_settle(store, worker, bit)
            case "in_progress":
                found = self._idempotency_record(store, worker, bit, worker.step)
            case variant:
                found = _two_steps(store, worker, bit, marks_first=variant == "mark_add")
        return found

    def _settle(self, store: Store, worker: Worker, bit: int) -> tuple[Store, Worker]:
        if store.marks & bit or (store.closed and not self._counts_always):
            return store, _done(worker)
        return Store(store.used + 1, store.marks | bit, store.closed), _done(worker)

    def _epoch_settle(self, store: Store, worker: Worker, bit: int) -> tuple[Store, Worker]:
        """Note the epoch (`closed` here), then settle unless it is another one by then."""
        if worker.step == 1:
            return store, worker._replace(step=2, noted=store.closed)
        if store.closed != worker.noted:
            return store, Worker(worker.event, 1)
        return self._settle(store, worker, bit)

    def _idempotency_record(
        self, store: Store, worker: Worker, bit: int, step: int
    ) -> tuple[Store, Worker]:
        """INPROGRESS, effect, COMPLETED: the record of a crashed worker expires, and it is redone.
        Completed marks are the low bits, those in progress the high ones.
        """
        after = worker._replace(step=step + 1)
        if step == 1:
            if store.marks & bit:
                return store, _done(worker)
            return store._replace(marks=store.marks | bit << self.events), after
        if step == 2:
            return store._replace(used=store.used + 1), after
        marks = store.marks & ~(bit << self.events) | bit
        return store._replace(marks=marks), _done(worker)

    def _repair(self, state: State, place: int, repairer: Repairer | None) -> Iterator[State]:
        def become(after: Repairer | None, store: Store = state.store) -> State:
            return state._replace(store=store, repairers=_with(state.repairers, place, after))

        if repairer is None:
            if state.spent.reads < self.reads:
                reads = state.spent.reads + 1
                yield become(Repairer(reads))._replace(spent=state.spent._replace(reads=reads))
            return
        if repairer.read < 0:
            # Reading takes time: it may miss whatever is written after the version was taken.
            yield become(repairer._replace(read=state.ledger))
        elif repairer.is_forgetting:
            yield become(None, self._forgotten(state.store))
        else:
            closed = self._closed(state.store, repairer.version, repairer.read)
            yield become(None, closed)
            if self.repairing == "close":
                yield become(repairer, closed)  # the message comes a second time
                yield become(repairer._replace(is_forgetting=True), closed)
        yield become(None)  # a crash, or a message that never comes

    def _closed(self, store: Store, version: int, read: int) -> Store:
        total = read.bit_count()
        match self.repairing:
            case "close":
                return Store(total, store.marks, version) if version > store.closed else store
            case "blind":
                return store._replace(used=total)
            case "max":
                return store._replace(used=max(store.used, total))
            case "epoch":
                return Store(total, store.marks, store.closed + 1)
            case "ledger_marks":
                return Store(total, read, store.closed + 1)
            case _:  # all_marks: exact, but it has to list every event
                marks = store.marks | read
                return Store(marks.bit_count(), marks, store.closed + 1)

    def _forgotten(self, store: Store) -> Store:
        is_forgotten = store.closed or self.forgets_open_hours
        return store._replace(marks=0) if is_forgotten else store

    def _losses(self, state: State) -> Iterator[State]:
        """Replication to the copy, a failover to it, a FLUSHALL."""
        spent = state.spent
        if state.store != state.copy:
            if self.failovers:
                yield state._replace(copy=state.store)
            if spent.failovers < self.failovers:
                failed_over = spent._replace(failovers=spent.failovers + 1)
                yield state._replace(store=state.copy, spent=failed_over)
        if spent.flushes < self.flushes and state.store != Store():
            flushed = spent._replace(flushes=spent.flushes + 1)
            yield state._replace(store=Store(), spent=flushed)


_ACKNOWLEDGE = 9


def _done(worker: Worker) -> Worker:
    return Worker(worker.event, _ACKNOWLEDGE)


def _two_steps(
    store: Store, worker: Worker, bit: int, *, marks_first: bool
) -> tuple[Store, Worker]:
    """Mark and add, one after the other, unless the event is marked."""
    added, marked = store._replace(used=store.used + 1), store._replace(marks=store.marks | bit)
    if worker.step > 1:
        return (added if marks_first else marked), _done(worker)
    if store.marks & bit:
        return store, _done(worker)
    return (marked if marks_first else added), worker._replace(step=2)


def _with[Item](items: tuple[Item, ...], place: int, item: Item) -> tuple[Item, ...]:
    return (*items[:place], item, *items[place + 1 :])
