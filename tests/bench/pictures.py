"""The pictures of docs/explanation/performance.md: figures come in, SVGs by their names leave."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tests.bench.bench_artifacts import STAGE as COLD
from tests.bench.bench_authorizer import crowds
from tests.bench.bench_walk import EXECUTION_STAGE
from tests.bench.bench_walk import STAGE as WALK
from tests.bench.figure import Figure, Spread
from tests.bench.plot import curves, rows

MOST_TIMES = 100  # what is beyond stands in the table
_CROWDS = [str(one) for one in crowds()]
ALONE, CROWDED = _CROWDS[0], _CROWDS[-1]


def pictures(figures: Sequence[Figure]) -> Mapping[str, str]:
    """Each that these figures suffice for: a run of one bench alone has few."""
    drawn = {
        "bench-walk": _walk(figures, WALK, "From a log line to Aforo's answer", "an event"),
        "bench-execution": _walk(
            figures, EXECUTION_STAGE, "A request of 25 lines of an execution log", "a request"
        ),
        "bench-growth": _growth(figures),
        "bench-authorizer": _percentiles(figures, ALONE),
        "bench-authorizer-crowd": _percentiles(figures, CROWDED),
        "bench-cold": _cold(figures),
    }
    return {name: svg for name, svg in drawn.items() if svg}


def _walk(figures: Sequence[Figure], stage: str, title: str, unit: str) -> str:
    found: dict[str, dict[float, Spread]] = defaultdict(dict)
    for one in figures:
        if one.stage == stage and one.ratio:
            found[one.case][one.size] = one.value
    size = "lines in a delivery" if stage == WALK else "requests in a delivery"
    axes = (size, f"microseconds of CPU {unit}")
    return curves(title, axes, found) if found else ""


def _growth(figures: Sequence[Figure]) -> str:
    found: dict[str, dict[float, Spread]] = defaultdict(dict)
    first: dict[str, int] = {}
    for one in figures:
        if one.stage == "growth" and one.ratio:
            times = one.size / first.setdefault(one.case, one.size)
            if times <= MOST_TIMES:
                found[one.case][times] = one.ratio
    axes = ("times as much as at first", "what a unit takes, beside what it took at first")
    return curves("Growth", axes, found, is_log=False) if found else ""


def _percentiles(figures: Sequence[Figure], stage: str) -> str:
    found: dict[str, dict[str, Spread]] = defaultdict(dict)
    for one in figures:
        if one.stage == stage and one.unit.startswith("us, "):
            found[one.case][one.unit.removeprefix("us, ")] = one.value
    title = f"A decision: {stage.partition(', ')[2]}"
    return rows(title, "microseconds", found) if found else ""


def _cold(figures: Sequence[Figure]) -> str:
    found = dict(_imports(figures))
    title = "Cold import from the artifact"
    return rows(title, "milliseconds of CPU", found, is_log=False) if found else ""


def _imports(figures: Sequence[Figure]) -> Iterator[tuple[str, dict[str, Spread]]]:
    for one in figures:
        if one.stage == COLD:
            yield one.case, {one.unit: one.value}
