"""Where things stand on the paper: a line of a graph is where its figures say."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.dashboard.axis import Axis, Box, said, x
from tests.local.dashboard.drawing import Graph, drawn
from tests.local.dashboard.graph import Board, Line, Window
from tests.local.dashboard.legend import COLORS
from tests.local.dashboard.paper import frame_of, svg_of
from tests.local.metric_series import Point, series_of

FRAME = Box(0, 0, 472, 232)
WINDOW = Window(0, 30_000, 10_000)
SVG = "{http://www.w3.org/2000/svg}"


def elements(graph: Graph, window: Window = WINDOW) -> list[ET.Element]:
    """All that is drawn of a graph."""
    page = f"<svg>{''.join(drawn(graph, FRAME, window))}</svg>"
    return list(ET.fromstring(page))  # noqa: S314 - our own


def corners(element: ET.Element) -> list[tuple[float, float]]:
    """Of a line or an area."""
    pairs = (pair.split(",") for pair in element.attrib["points"].split())
    return [(float(left), float(top)) for left, top in pairs]


def ticks(found: list[ET.Element]) -> dict[str, float]:
    """Where the grid's lines stand, by what is written beside them."""
    lines = [
        float(e.attrib["y1"])
        for e in found
        if e.tag == "line" and "stroke-dasharray" not in e.attrib
    ]
    names = [e.text or "" for e in found if e.tag == "text" and e.attrib["text-anchor"] == "end"]
    return dict(zip(names, lines, strict=False))


def test_a_line_is_where_its_figures_say() -> None:
    """A value stands on the grid's line of that value, in the middle of its period."""
    found = elements(Graph("t", [Line("a", [0, 20, 40])]))
    (line,) = (e for e in found if e.tag == "polyline")
    points, grid = corners(line), ticks(found)
    assert [top for _, top in points] == pytest.approx([grid["0"], grid["20"], grid["40"]], abs=0.1)
    lefts = [left for left, _ in points]
    assert lefts[1] - lefts[0] == pytest.approx(lefts[2] - lefts[1], abs=0.1)
    assert FRAME.left < lefts[0] < lefts[2] < FRAME.width


def test_a_line_breaks_where_nothing_was_measured() -> None:
    """And a value by itself is a dot."""
    window = Window(0, 50_000, 10_000)
    found = elements(Graph("t", [Line("a", [1, 2, None, 3, None])]), window)
    assert [len(corners(e)) for e in found if e.tag == "polyline"] == [2]
    assert len([e for e in found if e.tag == "circle"]) == 3


def test_stacked_lines_stand_on_each_other() -> None:
    """The upper one shows the sum; the area of each begins where the one below ends."""
    found = elements(
        Graph("t", [Line("a", [10, 10, 10]), Line("b", [5, None, 30])], is_stacked=True)
    )
    grid = ticks(found)
    upper = [corners(e) for e in found if e.tag == "polyline"][1]
    assert [top for _, top in upper] == pytest.approx(
        [(grid["10"] + grid["20"]) / 2, grid["10"], grid["40"]], abs=0.1
    )
    lower_area, upper_area = (corners(e) for e in found if e.tag == "polygon")
    assert lower_area[:3] == list(reversed(upper_area[3:]))


def test_a_limit_is_drawn_where_it_is_near() -> None:
    """One far above would flatten the rest."""
    near = elements(Graph("t", [Line("a", [600, 700])], {600.0: "late"}))
    (limit,) = (e for e in near if e.attrib.get("stroke-dasharray"))
    assert float(limit.attrib["y1"]) == pytest.approx(ticks(near)["600"])
    far = elements(Graph("t", [Line("a", [1, 2])], {600.0: "late"}))
    assert [e for e in far if e.attrib.get("stroke-dasharray")] == []


def test_a_graph_without_figures_says_so() -> None:
    """In the place of a line, with its legend."""
    words = [e.text for e in elements(Graph("Held", [Line("held", [None, None])]))]
    assert {"Held", "nothing", "held"} <= set(words)


def test_each_line_has_its_color_in_the_legend() -> None:
    """In the order of the lines."""
    found = elements(Graph("t", [Line(name, [1, 2]) for name in "abc"]))
    strokes = [e.attrib["stroke"] for e in found if e.tag == "polyline"]
    squares = [e.attrib["fill"] for e in found if e.tag == "rect"][1:]
    assert strokes == squares == list(COLORS[:3])


def test_a_number_is_the_last_that_was_said() -> None:
    """`none`, where there is none."""
    graph = Graph("t", [Line("a", [1, 1234, None]), Line("b", [None])], is_number=True)
    assert [e.text for e in elements(graph) if e.tag == "text"][1:] == ["1.23k", "a", "none", "b"]


@given(st.lists(st.floats(-1e9, 1e9), max_size=20))
def test_every_value_has_its_place_within_the_box(values: list[float]) -> None:
    """Zero too; a greater one stands higher; the grid has few lines, at round numbers."""
    axis, box = Axis.of(values), Box(10, 20, 300, 100)
    places = [axis.y(value, box) for value in sorted([*values, 0.0])]
    assert places == sorted(places, reverse=True)
    assert all(20 - 1e-6 <= place <= 120 + 1e-6 for place in places)
    assert 2 <= len(axis.ticks) <= 7
    assert axis.y(axis.low, box) == pytest.approx(120)


def test_periods_share_the_width() -> None:
    """Each value in the middle of its own."""
    assert [x(period, 4, Box(100, 0, 80, 0)) for period in range(4)] == [110, 130, 150, 170]


def test_a_figure_is_said_short() -> None:
    """Four characters, mostly."""
    known = {0.25: "0.25", 12: "12", 1500: "1.5k", 3_210_000: "3.21M", -2000: "-2k", 0: "0"}
    assert {value: said(value) for value in known} == known


def widget(kind: str, left: int, **properties: Any) -> dict[str, Any]:
    return {"type": kind, "x": left, "y": 0, "width": 12, "height": 6, "properties": properties}


def test_the_whole_dashboard_is_one_picture() -> None:
    """Each widget in its place, and what a stack's name holds is text."""
    row = ["N", "Posts", "service", "forwarder", {"label": "posts <&>"}]
    body = {
        "widgets": [
            widget("text", 0, markdown="# Title\n[Replay](docs/how-to/replay.md#replay) | done"),
            widget("metric", 12, title="Graph", view="timeSeries", stat="Sum", metrics=[row]),
        ]
    }
    posts = {series_of("N", "Posts", service="forwarder"): [Point(1, 3)]}
    page = ET.fromstring(svg_of(body, Board(posts, WINDOW)))  # noqa: S314 - our own
    words = {word for element in page.iter(f"{SVG}text") for word in element.itertext()}
    assert {"Title", "Replay", " | done", "Graph", "posts <&>"} <= words
    card = next(e for e in page.iter(f"{SVG}rect") if e.attrib["fill"] == "#ffffff")
    frame = frame_of(body["widgets"][1])
    assert [float(card.attrib[name]) for name in ("x", "y")] == [frame.left, frame.top]


def test_a_line_that_says_nothing_hides_none_below() -> None:
    """Stacked, it would stand on the sum of the others."""
    lines = [Line("a", [1, 2]), Line("b", [None, None])]
    found = elements(Graph("t", lines, is_stacked=True))
    assert [e.attrib["stroke"] for e in found if e.tag == "polyline"] == [COLORS[0]]


def test_numbers_in_narrow_columns_are_smaller() -> None:
    """They do not run into each other."""
    lines = [Line(str(number), [1234]) for number in range(8)]
    found = elements(Graph("t", lines, is_number=True))
    sizes = {int(e.attrib["font-size"]) for e in found if e.text == "1.23k"}
    assert sizes == {int(FRAME.width / 8 / 3.2)}
    assert max(sizes) < 30
