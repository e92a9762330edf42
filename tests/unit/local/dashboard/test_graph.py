"""What a widget of the dashboard shows of the figures: as CloudWatch would say it."""

from typing import Any

import pytest

from tests.local.dashboard.calculation import Row, calculated
from tests.local.dashboard.graph import Board, Line, Window, statistic
from tests.local.metric_series import Point, Series, series_of

OURS = "AforoMetering/here"
WINDOW = Window(1_000_000, 1_030_000, 10_000)


def shown(figures: dict[Series, list[Point]], *rows: list[Any]) -> list[Line]:
    """The lines of a widget with these rows."""
    return Board(figures, WINDOW).lines_of({"stat": "Sum", "metrics": list(rows)})


def at(second: float, value: float) -> Point:
    """A value, seconds after the window's start."""
    return Point(WINDOW.start_ms + int(second * 1000), value)


def test_a_metric_is_added_up_in_each_period() -> None:
    """Where nothing was written there is no value, and what was before or after is not in it."""
    billed = series_of(OURS, "RequestsBilled", service="metering")
    figures = {billed: [at(-1, 9), at(0, 1), at(9.999, 2), at(20, 4), at(30, 9)]}
    row = [OURS, "RequestsBilled", "service", "metering", {"label": "billed"}]
    assert shown(figures, row) == [Line("billed", [3, None, 4])]


def test_two_series_of_one_name_are_apart() -> None:
    """A queue is not another."""
    one, other = (series_of("AWS/SQS", "Depth", QueueName=name) for name in ("a", "b"))
    row = ["AWS/SQS", "Depth", "QueueName", "b", {}]
    assert shown({one: [at(0, 1)], other: [at(0, 5)]}, row) == [Line("Depth", [5, None, None])]


def test_a_search_finds_every_series_of_its_shape() -> None:
    """Named by what tells them apart; a series with other dimensions is another."""
    figures = {
        series_of(OURS, "LinesRead", service="metering", Source=name): [at(0, value)]
        for name, value in (("pets", 2), ("orders", 3))
    }
    figures[series_of(OURS, "LinesRead", service="metering")] = [at(0, 5)]
    expression = f"SEARCH('{{\"{OURS}\",service,Source}} MetricName=\"LinesRead\"', 'Sum', 60)"
    assert shown(figures, [{"expression": expression, "id": "lines"}]) == [
        Line("orders", [3, None, None]),
        Line("pets", [2, None, None]),
    ]


def test_a_calculation_reads_what_is_not_drawn() -> None:
    """Served less metered, also where nothing was metered."""
    figures = {
        series_of("AWS/ApiGateway", "Count", ApiName="a", Stage="x"): [at(0, 1), at(0, 1)],
        series_of("AWS/ApiGateway", "Count", ApiName="a", Stage="y"): [at(0, 3), at(10, 7)],
        series_of(OURS, "RequestsBilled", service="metering"): [at(0, 4)],
    }
    search = "SEARCH('{AWS/ApiGateway,ApiName,Stage} MetricName=\"Count\" ', 'Sum', 60)"
    billed = [OURS, "RequestsBilled", "service", "metering", {"id": "billed", "visible": False}]
    assert shown(
        figures,
        [{"expression": f"SUM({search})", "id": "served", "label": "served"}],
        [{"expression": "FILL(served,0)-FILL(billed,0)", "id": "less", "label": "less"}],
        billed,
    ) == [Line("served", [5, 7, None]), Line("less", [1, 7, 0])]


@pytest.mark.parametrize(
    ("expression", "row"),
    [
        ("a/b", [2.0, None, None]),
        ("a+b-1", [5.0, None, 8.0]),
        ("FILL(a,0)*2", [8.0, 0.0, 18.0]),
        ("SUM(c)", [1.0, None, None]),
    ],
)
def test_math_is_metric_math(expression: str, row: Row) -> None:
    """Nothing comes of an operand that is missing, or of a division by zero."""
    a: Row = [4, None, 9]
    b: Row = [2, 3, 0]
    c: list[Row] = [[1, None, None], [None, None, None]]
    assert calculated(expression, {"a": a, "b": b, "c": c}, 3) == row


def test_an_expression_that_nobody_taught_is_said() -> None:
    """An empty graph would look like a quiet minute."""
    row: Row = [1, 2]
    with pytest.raises(ValueError, match="RATE"):
        calculated("RATE(a)", {"a": row}, 2)
    with pytest.raises(ValueError, match="SUM"):
        calculated("a+1", {"a": [row, row]}, 2)


def test_a_percentile_is_the_value_that_so_many_do_not_exceed() -> None:
    """Of few values the highest is the 99th, too."""
    values = [float(number) for number in range(1, 101)]
    assert [statistic(name, values) for name in ("p50", "p99", "p100")] == [50, 99, 100]
    assert statistic("p99", [3, 1, 2]) == 3
    assert statistic("Average", [1, 2]) == 1.5
