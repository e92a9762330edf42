"""One batch of events comes in; the outcome of each leaves. Pure, over the gate to Aforo.

Guaranteed: every event ends in exactly one outcome. An event is set aside only on an answer that
names it or that came to it alone; what no answer settled is held.

To find k refused events among n costs at most `k * (ceil(log2 n) + 2) + 1` posts: a known-bad block
is halved `ceil(log2 n)` times, the event that is left is posted alone, and then all the rest
together. Posting the rest at once, not block by block, is what makes one bad event cheap.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from functions.forwarder.answer import (
    AcceptedPost,
    RefusedPost,
    Stop,
    TooLarge,
    Unbelievable,
    Unsaid,
    Verdict,
)
from functions.forwarder.gate import Gate, untried
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.problem import Problem
from functions.usage.outcome import Confirmed, ForwardingOutcome, Held

# Two events that fail alike, each posted alone, show that the cause is not the events.
ALIKE = 2


@dataclass(slots=True)
class BatchOutcome:
    """What became of a batch. `stopped` says why posting on is of no use, if it is."""

    outcomes: dict[str, ForwardingOutcome] = field(default_factory=dict)
    stopped: Held | None = None
    posts: int = 0


def deliver(batch: Sequence[KeyedEvent], gate: Gate) -> BatchOutcome:
    """Post `batch`, in parts where Aforo's answers make that necessary, until all is settled."""
    if refusal := gate.refusal():
        return BatchOutcome(dict.fromkeys((keyed.key for keyed in batch), refusal), refusal)
    done = _Driver(batch, gate.post).run()
    gate.record(done.stopped)
    return done


class _Driver:
    def __init__(
        self, batch: Sequence[KeyedEvent], post: Callable[[Sequence[KeyedEvent]], Verdict]
    ) -> None:
        self._batch = batch
        self._post = post
        self._most = len(batch)  # events in a post; halved by 413
        self._suspects: list[KeyedEvent] = []  # a block that is known to hold a bad event
        self._alike: Counter[tuple[int, str, str]] = Counter()
        self._maybe_taken: set[str] = set()  # of a 2xx that did not say what it took
        self.done = BatchOutcome()

    def run(self) -> BatchOutcome:
        while self.done.stopped is None and (block := self._next_block()):
            self._take(block, self._post_believably(block))
        stopped = self.done.stopped
        self._settle(self._batch, untried(stopped) if stopped else Held("untried", 0))
        return self.done

    def _next_block(self) -> list[KeyedEvent]:
        """Half of the suspects while there are any, else everything that is not settled."""
        suspects = self._unsettled(self._suspects)
        if not suspects:
            return self._unsettled(self._batch)[: self._most]
        return suspects[: max(1, len(suspects) // 2)]

    def _post_believably(self, block: list[KeyedEvent]) -> Verdict:
        """The verdict on a block; a 2xx that does not say what it took is asked once more."""
        verdict = self._count_and_post(block)
        if not isinstance(verdict, Unsaid | Unbelievable):
            return verdict
        again = self._count_and_post(block)
        if isinstance(verdict, Unbelievable) and isinstance(again, Unsaid):
            return verdict
        return again

    def _count_and_post(self, block: list[KeyedEvent]) -> Verdict:
        self.done.posts += 1
        verdict = self._post(block)
        if _may_have_taken(verdict):
            self._maybe_taken.update(keyed.key for keyed in block)
        return verdict

    def _take(self, block: list[KeyedEvent], verdict: Verdict) -> None:
        match verdict:
            case AcceptedPost(failed):
                self._settle_named(block, failed)
                self._settle(block, Confirmed())
            case Unsaid():
                self._settle(block, Confirmed(verified=False))
            case Unbelievable(reason):
                self._settle(block, Held(reason, 0, ambiguous=True))
            case RefusedPost(problem, named):
                self._refused(block, problem, named)
            case TooLarge(problem):
                self._too_large(block, problem)
            case Stop(held):
                self._settle(block, held)
                self.done.stopped = held

    def _refused(
        self, block: list[KeyedEvent], problem: Problem, named: Mapping[int, Problem]
    ) -> None:
        if len(block) == 1:
            self._suspects = []
            self._refused_alone(block[0], named.get(0, problem))
        elif named:
            self._suspects = []
            self._settle_named(block, named)
        else:
            self._suspects = block

    def _refused_alone(self, keyed: KeyedEvent, problem: Problem) -> None:
        """Settle one; when it is the second to fail like this, settle what fails with it."""
        self._settle([keyed], problem.outcome())
        metric = keyed.event["metricName"] if problem.is_unknown_metric else ""
        self._alike[problem.status, problem.code, metric] += 1
        if self._alike[problem.status, problem.code, metric] < ALIKE:
            return
        if problem.is_systemic:
            # Not when Aforo confirmed others: it knows us, and only its text quotes such a word.
            if Confirmed() not in self.done.outcomes.values():
                self.done.stopped = Held("systemic_refusal", 0)
        elif problem.is_unknown_metric:
            same = [p for p in self._batch if p.event["metricName"] == metric]
            self._settle(self._unsettled(same), problem.outcome())

    def _too_large(self, block: list[KeyedEvent], problem: Problem) -> None:
        self._suspects = []
        self._most = max(1, len(block) // 2)
        if len(block) == 1:
            self._settle(block, problem.outcome())

    def _settle_named(self, block: list[KeyedEvent], named: Mapping[int, Problem]) -> None:
        for index, problem in named.items():
            self._settle([block[index]], problem.outcome())

    def _settle(self, block: Sequence[KeyedEvent], outcome: ForwardingOutcome) -> None:
        for keyed in self._unsettled(block):
            ending = outcome
            # A refusal that named it, or came to it alone, says that it was not taken.
            if isinstance(outcome, Held) and not outcome.refusal and keyed.key in self._maybe_taken:
                ending = replace(outcome, ambiguous=True)
            self.done.outcomes[keyed.key] = ending

    def _unsettled(self, block: Sequence[KeyedEvent]) -> list[KeyedEvent]:
        return [keyed for keyed in block if keyed.key not in self.done.outcomes]


def _may_have_taken(verdict: Verdict) -> bool:
    """Whether it was a 2xx after which nobody knows which events Aforo has."""
    if isinstance(verdict, RefusedPost):
        return verdict.problem.status < HTTPStatus.MULTIPLE_CHOICES
    return isinstance(verdict, Unsaid | Unbelievable)
