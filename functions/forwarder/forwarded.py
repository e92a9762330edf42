"""A message and what became of each of its events: the hand-over from posting to settling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from functions.forwarder.inbox import Received
from functions.usage.event import UsageEvent
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Confirmed, ForwardingOutcome, Held, SetAside

_CONFIRMED = frozenset({Confirmed})

type Settled = tuple[UsageEvent, Confirmed | SetAside]


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and by which invocation events are settled."""

    now_ms: int
    request_id: str

    @property
    def settled_at(self) -> str:
        return iso_from_epoch_ms(self.now_ms)

    @property
    def writer(self) -> str:
        """Sorts by time; no other invocation, nor a retry of this one, has it."""
        compact = self.settled_at.translate(str.maketrans("", "", "-:."))
        return f"{compact}-{self.request_id}"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """One message and what became of each of its events, in their order."""

    received: Received
    outcomes: Sequence[ForwardingOutcome]
    held: Sequence[Held] = field(init=False, repr=False, compare=False)
    is_confirmed: bool = field(init=False, repr=False, compare=False)  # all of it

    def __post_init__(self) -> None:
        # Once: of nearly all messages all is confirmed, and each question below begins with that.
        is_confirmed = _CONFIRMED.issuperset(map(type, self.outcomes))
        held = [] if is_confirmed else [one for one in self.outcomes if isinstance(one, Held)]
        object.__setattr__(self, "held", held)
        object.__setattr__(self, "is_confirmed", is_confirmed)

    @property
    def message_id(self) -> str:
        return self.received.envelope.message_id

    @property
    def is_finished(self) -> bool:
        return not self.held

    @property
    def is_asked_again(self) -> bool:
        """Whether all that is held of it was refused in words that blame nobody: those events go on
        alone, and their neighbours do not wait for them.
        """
        return not self.is_finished and all(held.refusal for held in self.held)

    @property
    def is_begun(self) -> bool:
        """Whether Aforo took some of it, and this try left no doubt about the rest, which goes on
        alone. Posted first each time, what it took would use up our share of the rate, and of a
        message of more events than the share the rest would never have its turn.
        """
        return any(isinstance(outcome, Confirmed) for outcome in self.outcomes) and not any(
            held.ambiguous for held in self.held
        )

    @property
    def is_certain(self) -> bool:
        """Whether no try of it, this one included, left a doubt about what Aforo has."""
        return self.received.maybe_billed_since_ms is None and not any(
            h.ambiguous for h in self.held
        )

    def settled(self) -> Iterator[Settled]:
        """The events to make durable. Set-aside events wait while their message comes back whole:
        it would set them aside again.
        """
        is_finished = self.is_finished or self.is_asked_again
        for event, outcome in zip(self.received.events, self.outcomes, strict=True):
            if isinstance(outcome, Confirmed) or (is_finished and isinstance(outcome, SetAside)):
                yield event, outcome

    def set_aside(self) -> list[tuple[UsageEvent, SetAside]]:
        if self.is_confirmed:
            return []
        return [(event, why) for event, why in self.settled() if isinstance(why, SetAside)]
