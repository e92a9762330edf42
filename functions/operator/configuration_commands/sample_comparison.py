"""A log comes in, and two configurations; what the second one would make otherwise leaves: counted,
with the first few requests of it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import tee

from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.operator.explain.explained_line import detail_of, outcome_of
from functions.operator.explain.explained_log import explained_log
from functions.operator.explain.explanation import Explained, ExplainTerms
from functions.operator.explain.recognition import is_request
from functions.operator.explain.terminal_text import printable
from functions.operator.rows import aligned
from functions.usage.moment import iso_from_epoch_ms

# A person reads some; the counts tell the rest.
EXAMPLES = 5
_SHOWN = 10
# Sums of quantities: what a float adds behind it is no quantity.
_DIGITS = 6

# By name, before and after.
type Figures = tuple[dict[str, float], dict[str, float]]


@dataclass
class Comparison:
    """What was counted. A customer's and a meter's figures are before and after."""

    requests: int = 0
    different: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    customers: Figures = field(default_factory=lambda: ({}, {}))
    meters: Figures = field(default_factory=lambda: ({}, {}))
    examples: list[str] = field(default_factory=list)

    def add(self, before: Explained, after: Explained) -> None:
        """One request, as each configuration has it."""
        if not (is_request(before) or is_request(after)):
            return
        self.requests += 1
        for at, one in enumerate((before, after)):
            events = one.billing if isinstance(one.billing, tuple) else ()
            # A request has one customer; each meter makes its own events.
            for customer in {event["customerId"] for event in events}:
                _add(self.customers[at], customer, 1)
            for event in events:
                _add(self.meters[at], str(event["metadata"]["meter"]), event["quantity"])
        if before.billing == after.billing:
            return
        self.different += 1
        self.outcomes[_outcome(before), _outcome(after)] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(_example(before, after))

    def lines(self) -> Iterator[str]:
        """For a person; what is alike in both is not shown."""
        alike = "all alike" if not self.different else f"{self.different} of them otherwise"
        yield f"sample: {self.requests} requests, {alike}"
        for (old, new), count in self.outcomes.most_common(_SHOWN):
            yield f"  {count}: {old} -> {new}"
        yield from _moved("customer", "requests billed", self.customers)
        yield from _moved("meter", "quantity", self.meters)
        if self.examples:
            yield f"examples{' (the first)' if self.different > EXAMPLES else ''}:"
            yield from (f"  {one}" for one in self.examples)


def compare(
    deliveries: Iterator[LogDelivery], before: Configuration, terms: ExplainTerms
) -> Iterator[Comparison]:
    """The comparison as it stands after each request; `terms` hold the configuration after."""
    terms = terms._replace(log_group=terms.log_group or _only_group(before, terms.configuration))
    first, second = tee(deliveries)
    old = explained_log(first, "auto", terms._replace(configuration=before))
    new = explained_log(second, "auto", terms)
    found = Comparison()
    yield found
    # Both read the same log events: what is a request does not depend on the configuration.
    for one, other in zip(old, new, strict=True):
        found.add(one, other)
        yield found


def _only_group(*configurations: Configuration) -> str | None:
    """Which group raw lines are of must not differ between the two."""
    groups = {
        group
        for configuration in configurations
        for version in configuration.versions
        for group in version.access_logs
    }
    return groups.pop() if len(groups) == 1 else None


def _outcome(one: Explained) -> str:
    outcome, reason = outcome_of(one)
    if reason is None:
        events = one.billing if isinstance(one.billing, tuple) else ()
        said = sorted({f"{event['metadata']['meter']}" for event in events})
        return f"billed ({', '.join(said)})" if said else "nothing to bill"
    return f"{outcome} ({reason})"


def _example(before: Explained, after: Explained) -> str:
    request = after.request or before.request
    time_ms = request.time_ms if request and not after.lacks_time else None
    asked = (request.method, request.route or request.path) if request else ()
    status = str(request.status) if request and request.status is not None else None
    time = None if time_ms is None else iso_from_epoch_ms(time_ms)
    what = " ".join(part for part in (time, *asked, status) if part) or "a line without a request"
    return printable(f"{what}: {_whole(before)} -> {_whole(after)}")


def _whole(one: Explained) -> str:
    """With figures: two configurations may bill one request for different quantities."""
    if not isinstance(one.billing, tuple):
        detail = detail_of(one)
        return _outcome(one) + (f": {detail}" if detail else "")
    events = [
        f"{event['metricName']} {event['quantity']}, {event['customerId']}" for event in one.billing
    ]
    return "; ".join(events[:3]) or "nothing to bill"


def _add(figures: dict[str, float], name: str, figure: float) -> None:
    figures[name] = figures.get(name, 0) + figure


def _moved(what: str, figure: str, figures: Figures) -> Iterator[str]:
    """The figures that differ, the largest difference first."""
    before, after = figures
    moves = {one: after.get(one, 0) - before.get(one, 0) for one in before.keys() | after.keys()}
    names = sorted((one for one in moves if moves[one]), key=lambda one: (-abs(moves[one]), one))
    lines = [[what, "before", "after"]]
    lines += [
        [printable(one), *(str(round(side.get(one, 0), _DIGITS)) for side in figures)]
        for one in names[:_SHOWN]
    ]
    if names:
        yield f"{figure} by {what}:"
        yield from (f"  {line.rstrip()}" for line in aligned(lines, [1, 2]))
    if len(names) > _SHOWN:
        yield f"  and {len(names) - _SHOWN} more"
