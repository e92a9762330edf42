"""What we want to reach, each beside the figure that says whether we have."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.bench.bench_artifacts import STAGE as COLD
from tests.bench.bench_audit import COUNTED
from tests.bench.bench_audit import STAGE as AUDIT
from tests.bench.bench_authorizer import WITHOUT
from tests.bench.bench_execution_log import STAGE as EXECUTION
from tests.bench.bench_ledger import STAGE as LEDGER
from tests.bench.bench_ledger import WANTED
from tests.bench.bench_memory import STAGE as MEMORY
from tests.bench.bench_metering import STAGE as METERING
from tests.bench.bench_reconciliation import SERVER
from tests.bench.bench_reconciliation import STAGE as RECONCILIATION
from tests.bench.bench_walk import BOTH, EXECUTION_STAGE
from tests.bench.bench_walk import METERING as METERED
from tests.bench.bench_walk import STAGE as WALK
from tests.bench.deciding import KEY, TOKEN
from tests.bench.figure import Figure, said
from tests.bench.peers.peer import AFORO
from tests.bench.pictures import ALONE


class Goal(NamedTuple):
    """At most so much. `unit` tells figures of one case apart. With `is_ratio` the ratio counts,
    and only `beside` the named case, if any: a peer may be absent.
    """

    what: str
    most: float
    stage: str
    case: str
    size: int
    unit: str = ""
    is_ratio: bool = True
    beside: str = ""

    @property
    def allowed(self) -> str:
        return f"{self.most:,g} {'x' if self.is_ratio else self.unit}"


class Reached(NamedTuple):
    """A goal, its figure, and whether the figure's median is within it."""

    goal: Goal
    figure: Figure

    @property
    def measured(self) -> str:
        low, middle, high = self._spread
        unit = f"x {self.figure.reference}" if self.goal.is_ratio else self.figure.unit
        quartiles = f" ({said(low)} to {said(high)})" if low != high else ""
        return f"{said(middle)} {unit}{quartiles}"

    @property
    def is_reached(self) -> bool:
        return self._spread[1] <= self.goal.most

    @property
    def _spread(self) -> tuple[float, float, float]:
        found = self.figure.ratio if self.goal.is_ratio else self.figure.value
        assert found is not None
        return found


GOALS = (
    *(
        Goal(
            f"metering and forwarding, {lines:,} lines a delivery",
            most,
            WALK,
            BOTH,
            lines,
            beside=AFORO,
        )
        for lines, most in ((1_000, 3.5), (100, 5.0), (10, 9.0))
    ),
    Goal(
        "metering execution logs, 100 requests", 0.10, EXECUTION_STAGE, METERED, 100, beside=AFORO
    ),
    Goal("metering without the send, 1,000 lines", 2.0, METERING, "our format", 1_000),
    Goal("execution logs without the send, 100 requests", 1.5, EXECUTION, "metered", 100),
    Goal("a million customers", 1.3, "growth", "metering: customers", 1_000_000),
    Goal("5,000 shapes of request", 1.3, "growth", "metering: shapes of request", 5_000),
    Goal(
        "looking keys up",
        2.0,
        LEDGER,
        f"look up {WANTED} keys",
        100_000,
        "us a row",
        is_ratio=False,
    ),
    Goal("counting a line for the audit", 3.5, AUDIT, COUNTED, 5_000),
    Goal(
        "server blocked by a script",
        0.5,
        RECONCILIATION,
        SERVER,
        10_000,
        "ms a script",
        is_ratio=False,
    ),
    Goal("decision by token, p50", 2.5, ALONE, TOKEN, 1, "us, p50"),
    Goal("decision by API key, p50", 2.5, ALONE, KEY, 1, "us, p50"),
    Goal("decision by token, p99", 1_000, ALONE, TOKEN, 1, "us, p99", is_ratio=False),
    Goal("decision by token, p99.9", 5_000, ALONE, TOKEN, 1, "us, p99.9", is_ratio=False),
    Goal("silent Redis, first decision", 60, WITHOUT, "hung: decision 1", 1, "ms", is_ratio=False),
    Goal("cold import of metering", 350, COLD, "MeteringFunction", 1, "ms of CPU", is_ratio=False),
    Goal(
        "cold import of forwarder", 350, COLD, "ForwarderFunction", 1, "ms of CPU", is_ratio=False
    ),
    Goal(
        "cold import of authorizer", 200, COLD, "AuthorizerFunction", 1, "ms of CPU", is_ratio=False
    ),
    Goal(
        "metering of 10,000 lines, resident", 100, MEMORY, "metering", 10_000, "MiB", is_ratio=False
    ),
)


def reached(figures: Sequence[Figure]) -> Iterator[Reached]:
    """Every goal that these figures tell of."""
    for goal in GOALS:
        for one in figures:
            if _tells(one, goal):
                yield Reached(goal, one)


def told(figures: Sequence[Figure]) -> Iterator[str]:
    """Lines for a person: the goals that these figures tell of, and how many are reached."""
    found = list(reached(figures))
    if not found:
        return
    yield f"\n{'goals':<53}{'at most':>10}  {'reached':>7}  measured"
    for one in found:
        answer = "yes" if one.is_reached else "NO"
        yield f"  {one.goal.what:<48}{one.goal.allowed:>13}  {answer:>7}  {one.measured}"
    yield f"{sum(one.is_reached for one in found)} of {len(found)} reached"
    if absent := {goal.beside for goal in GOALS if goal.beside} - {o.goal.beside for o in found}:
        yield f"not compared, because absent: {', '.join(sorted(absent))}"


def _tells(one: Figure, goal: Goal) -> bool:
    return (
        (one.stage, one.case, one.size) == goal[2:5]
        and goal.unit in {"", one.unit}
        and goal.beside in {"", one.reference}
    )
