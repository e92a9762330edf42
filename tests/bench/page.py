"""The figures as docs/explanation/performance.md has them: `python -m tests.bench.page`.

The page's prose is written by hand; each table stands between two marks and is written from here,
from the figures that were published last.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tests.bench.bench_artifacts import STAGE as COLD
from tests.bench.bench_artifacts import ZIP_STAGE
from tests.bench.bench_audit import STAGE as AUDIT
from tests.bench.bench_authorizer import LATE_STAGE, SHARES, WITHOUT, crowds
from tests.bench.bench_execution_log import HOSTILE_STAGE
from tests.bench.bench_execution_log import STAGE as EXECUTION
from tests.bench.bench_forwarder import STAGE as FORWARDER
from tests.bench.bench_ledger import STAGE as LEDGER
from tests.bench.bench_memory import STAGE as MEMORY
from tests.bench.bench_metering import STAGE as METERING
from tests.bench.bench_reconciliation import STAGE as RECONCILIATION
from tests.bench.bench_replay import STAGE as REPLAY
from tests.bench.bench_walk import EXECUTION_STAGE
from tests.bench.bench_walk import STAGE as WALK
from tests.bench.figure import Figure, Spread, said
from tests.bench.goals import Reached, reached
from tests.bench.published import published, published_run
from tests.cost.dollar_goals import DollarGoal, dollar_goals
from tests.cost.page import beside_peers_table, price_list_of
from tests.cost.price_list import PriceList
from tests.local.endpoints import ROOT
from tests.template.written_page import table_text, with_tables, write_page

PAGE = ROOT / "docs" / "explanation" / "performance.md"
CEILINGS = ROOT / "docs" / "explanation" / "ceilings.md"
PICTURES = ROOT / "docs" / "pictures"
# Each stage whose cases stand in rows, its sizes in columns; by the mark of its table.
_BY_SIZE = {
    "walk": WALK,
    "walk-execution": EXECUTION_STAGE,
    "metering": METERING,
    "metering-execution": EXECUTION,
    "memory": MEMORY,
}
_LISTED = {
    "hostile": HOSTILE_STAGE,
    "forwarder": FORWARDER,
    "ledger": LEDGER,
    "audit": AUDIT,
    "replay": REPLAY,
    "reconciliation": RECONCILIATION,
    "without-redis": WITHOUT,
    "late": LATE_STAGE,
    "zips": ZIP_STAGE,
    "cold": COLD,
}


def written(page: str) -> str:
    """The page with each of its tables as the figures have it."""
    return with_tables(page, tables(published()))


def tables(figures: Sequence[Figure]) -> Mapping[str, str]:
    """Every table of the page, by its mark."""
    of = {stage: [one for one in figures if one.stage == stage] for stage in _stages(figures)}
    costs = price_list_of()
    return {
        "dollars": beside_peers_table(costs),
        "ceilings": _ceilings(),
        "measured-on": _measured_on(),
        "dollar-goals": _dollar_goals(costs, figures),
        "goals": _goals(figures),
        **{mark: _by_size(of[stage]) for mark, stage in _BY_SIZE.items()},
        **{mark: _listed(of[stage]) for mark, stage in _LISTED.items()},
        "growth": _growth(of["growth"]),
        **{f"authorizer-{n}": _authorizer(of[str(one)]) for n, one in enumerate(crowds(), 1)},
    }


def _stages(figures: Sequence[Figure]) -> list[str]:
    return list(dict.fromkeys(one.stage for one in figures))


def _ceilings() -> str:
    """What gives out first, as the page of ceilings has it by hand."""
    section = CEILINGS.read_text().partition("## The order\n")[2].partition("\n## ")[0]
    return "\n".join(line for line in section.splitlines() if line.startswith("|"))


def _measured_on() -> str:
    found = published_run()
    return (
        f"Each table is of one run, on {found['measuredOn']}, with Python {found['python']}, on a"
        f"\nvirtual machine with {found['cpus']} CPUs."
    )


def _dollar_goals(costs: PriceList, figures: Sequence[Figure]) -> str:
    rows = [
        (one.what, one.said(one.most), one.said(one.found), _yes(one))
        for one in dollar_goals(costs, figures)
    ]
    return table_text(("what", "at most", "calculated", "reached"), rows)


def _yes(goal: DollarGoal | Reached) -> str:
    return "yes" if goal.is_reached else "**no**"


def _goals(figures: Sequence[Figure]) -> str:
    rows = [(one.goal.what, one.goal.allowed, one.measured, _yes(one)) for one in reached(figures)]
    return table_text(("what", "at most", "measured", "reached"), rows)


def _by_size(figures: Sequence[Figure]) -> str:
    measured = [one for one in figures if one.unit]
    sizes = sorted({one.size for one in measured})
    cells = {(one.case, one.size): one for one in measured}
    rows = [
        (case, *(_cell(cells[case, size]) if (case, size) in cells else "" for size in sizes))
        for case in dict.fromkeys(one.case for one in measured)
    ]
    return table_text((measured[0].unit, *(f"{size:,}" for size in sizes)), rows)


def _cell(one: Figure) -> str:
    ratio = one.ratio
    if ratio is None or one.reference == one.case:
        return said(one.value.middle)
    return f"{said(one.value.middle)} = {said(ratio.middle)} x"


def _listed(figures: Sequence[Figure]) -> str:
    times = Counter((one.case, one.unit) for one in figures)
    rows = [
        (
            f"{one.case}, {one.size:,}" if times[one.case, one.unit] > 1 else one.case,
            said(one.value.middle),
            _quartiles(one.value),
            one.unit,
            _beside(one),
        )
        for one in figures
    ]
    return table_text(("", "median", "quartiles", "", "beside"), rows)


def _beside(one: Figure) -> str:
    if one.ratio is None or one.reference == one.case:
        return ""
    return f"{said(one.ratio.middle)} x {one.reference}"


def _quartiles(spread: Spread) -> str:
    return f"{said(spread.low)} to {said(spread.high)}" if spread.low != spread.high else ""


def _growth(figures: Sequence[Figure]) -> str:
    rows = []
    for case in dict.fromkeys(one.case for one in figures):
        points = [one for one in figures if one.case == case]
        sizes = " / ".join(f"{one.size:,}" for one in points)
        ratios = " / ".join(said(one.ratio.middle) for one in points if one.ratio)
        rows.append((case, sizes, f"{said(points[0].value.middle)} {points[0].unit}", ratios))
    return table_text(("what grows", "sizes", "at the first", "x the first"), rows)


def _authorizer(figures: Sequence[Figure]) -> str:
    units = (*(f"us, {share}" for share in SHARES), "us of CPU")
    cells = {(one.case, one.unit): one for one in figures}
    rows = [
        (case, *(said(cells[case, unit].value.middle) for unit in units), *_ratios(cells, case))
        for case in dict.fromkeys(one.case for one in figures)
    ]
    return table_text(("", *units, "p50, x raw handler", "quartiles of that"), rows)


def _ratios(cells: Mapping[tuple[str, str], Figure], case: str) -> Iterator[str]:
    ratio = cells[case, "us, p50"].ratio
    assert ratio
    yield from (said(ratio.middle), _quartiles(ratio))


def write() -> None:
    write_page(PAGE, written(PAGE.read_text()))


if __name__ == "__main__":
    write()
