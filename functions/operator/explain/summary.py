"""A tally comes in; the lines that close an explanation leave."""

from collections import Counter
from collections.abc import Iterator

from functions.operator.explain.tally import Tally
from functions.operator.explain.terminal_text import printable

# The largest; a log may name thousands.
_SHOWN = 10


def summary(tally: Tally) -> Iterator[str]:
    """By outcome first; then what is billed, by customer and day; then why the rest is not."""
    yield _by_outcome(tally)
    if tally.billed:
        yield _events(tally)
        yield f"customers: {_largest(tally.customers)}"
        yield f"days (UTC): {_in_order(tally.days)}"
    for (reason, detail), count in Counter(tally.quarantined).most_common(_SHOWN):
        if detail:
            yield f"{reason}: {printable(detail)} ({count})"


def _by_outcome(tally: Tally) -> str:
    counts = [
        f"{count} {outcome}" + (f" ({reason})" if reason else "")
        for (outcome, reason), count in sorted(tally.outcomes.items(), key=str)
    ]
    skipped = [f"{n} lines of no request ({reason})" for reason, n in tally.others.items()]
    return f"{tally.requests} requests: " + (", ".join(counts + skipped) or "none")


def _events(tally: Tally) -> str:
    repeated = tally.events - tally.distinct_events
    repeats = f": {repeated} {'repeats' if repeated == 1 else 'repeat'} a key" if repeated else ""
    return f"{_of(tally.billed, 'request')} -> {_of(tally.distinct_events, 'event')}{repeats}"


def _of(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _largest(counts: Counter[str]) -> str:
    shown = [f"{name} {count}" for name, count in counts.most_common(_SHOWN)]
    others = len(counts) - len(shown)
    return ", ".join(shown) + (f", and {others} more" if others else "")


def _in_order(counts: Counter[str]) -> str:
    days = sorted(counts.items())
    if len(days) <= _SHOWN:
        return ", ".join(f"{day} {count}" for day, count in days)
    return f"{len(days)} from {days[0][0]} to {days[-1][0]}"
