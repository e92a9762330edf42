"""What closes an explanation, and the table that a terminal shows."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

from functions.operator.command_line import main
from functions.operator.explain.explanation import Explained
from functions.operator.explain.request_table import table_of
from functions.operator.explain.summary import summary
from functions.operator.explain.tally import Tally
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import REQUEST_TIME_MS, access_line, distinct_line
from tests.fakes.execution_log_lines import prefixed, request_texts
from tests.unit.operator.explain.explaining import explain

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
NEXT_DAY_MS = REQUEST_TIME_MS + 24 * 3_600_000


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(folder: Path, content: str, *words: str) -> tuple[str, str]:
    """What stands on a terminal, and on stderr."""
    (folder / "log").write_text(content)
    out, error = Terminal(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        assert main(["explain", *words, str(folder / "log")]) == 0
    return COLOURS.sub("", out.getvalue()), error.getvalue()


def test_a_key_that_is_repeated_is_one_event(tmp_path: Path) -> None:
    """As Aforo will see it."""
    _, _, closing = explain(tmp_path, f"{access_line()}\n{access_line()}")
    assert "2 requests -> 1 event: 1 repeats a key\n" in closing


def test_several_meters_make_several_events(tmp_path: Path) -> None:
    """Of one request; no key is repeated."""
    meters = [{"id": name, "metricName": name} for name in ("calls", "others")]
    version = {"effectiveFrom": "2020-01-01T00:00:00Z", "meters": meters}
    (tmp_path / "metering.json").write_text(json.dumps({"versions": [version]}))
    words = ("--config", str(tmp_path / "metering.json"))
    _, _, closing = explain(tmp_path, f"{distinct_line(1)}\n{distinct_line(2)}", *words)
    assert closing.splitlines()[1] == "2 requests -> 4 events"


def test_customers_and_days_of_what_is_billed_are_counted(tmp_path: Path) -> None:
    """The largest customer first, the days in their order."""
    lines = [
        distinct_line(1, customerId="cus_b", requestTimeEpoch=str(NEXT_DAY_MS)),
        distinct_line(2, customerId="cus_a"),
        distinct_line(3, customerId="cus_b"),
        distinct_line(4, customerId="cus_c", status="401"),
    ]
    _, _, closing = explain(tmp_path, "\n".join(lines))
    assert closing.splitlines() == [
        "4 requests: 3 event, 1 excluded (unauthorized)",
        "3 requests -> 3 events",
        "customers: cus_b 2, cus_a 1",
        "days (UTC): 2026-07-20 2, 2026-07-21 1",
    ]


def test_of_thousands_the_largest_are_named(tmp_path: Path) -> None:
    """Customers by name, days by their span."""
    lines = [
        distinct_line(
            number,
            customerId=f"cus_{number:02}",
            requestTimeEpoch=str(REQUEST_TIME_MS - number * 86_400_000),
        )
        for number in range(12)
    ]
    _, _, closing = explain(tmp_path, "\n".join(lines))
    _, _, customers, days = closing.splitlines()
    assert customers.endswith("cus_09 1, and 2 more")
    assert days == "days (UTC): 12 from 2026-07-09 to 2026-07-20"


def test_a_request_without_a_time_is_of_no_day(tmp_path: Path) -> None:
    """Lines of an execution log without the stamps of their log events."""
    _, _, closing = explain(tmp_path, "\n".join(prefixed(request_texts())))
    assert "days (UTC): unknown 1\n" in closing


def test_the_detail_of_a_quarantined_request_stands_beside_its_reason(tmp_path: Path) -> None:
    """In its JSON only where there is one, and once in the summary, with its count."""
    forged = '{"requestId":"a","status":"200","status":"429"}'
    _, requests, closing = explain(tmp_path, f"{access_line()}\n{forged}\n{forged}")
    assert "detail" not in requests[0]
    assert [one["detail"] for one in requests[1:]] == ["a name stands twice: 'status'"] * 2
    assert closing.splitlines()[-1] == "tamper: a name stands twice: 'status' (2)"


def test_details_are_kept_up_to_a_number() -> None:
    """A client may choose them: the rest is counted by reason."""
    tally = Tally()
    for number in range(1500):
        tally.add(Explained(None, Quarantined("tamper", str(number))))
    assert len(tally.quarantined) == 1001
    assert tally.quarantined["tamper", ""] == 500
    assert sum(tally.quarantined.values()) == 1500


def test_a_terminal_shows_a_table(tmp_path: Path) -> None:
    """One line a request, the summary below it, nothing on stderr."""
    lines = [distinct_line(1), distinct_line(2, status="401"), '{"status":-,']
    out, error = shown(tmp_path, "\n".join(lines))
    head, first, second, third, *closing = out.splitlines()
    assert head.split() == ["time", "route", "status", "customer", "outcome", "reason"]
    assert first.startswith("2026-07-20T01:50:15Z  GET /")
    assert "event" in first
    assert "excluded" in second
    assert "quarantined" in third
    outcomes = "1 event, 1 excluded (unauthorized), 1 quarantined (invalid_json)"
    assert closing[0] == f"3 requests: {outcomes}"
    assert error == ""


def test_long_values_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is one line of the terminal's width."""
    monkeypatch.setenv("COLUMNS", "100")
    out, _ = shown(tmp_path, distinct_line(1, resourcePath="/" + "long" * 50))
    row = out.splitlines()[1]
    assert "GET /long" in row
    assert "\N{HORIZONTAL ELLIPSIS}" in row
    assert len(row) <= 100


def test_nothing_in_a_log_commands_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it taken for a mark of ours, or for another line."""
    monkeypatch.setenv("COLUMNS", "120")
    one = Explained(None, Quarantined("tamper", "[red]\x1b[2J\r\nb"))
    out, tally = io.StringIO(), Tally()
    tally.add(one)
    assert list(table_of([one], out)) == [one]
    for line in (out.getvalue().splitlines()[1], list(summary(tally))[-1]):
        assert "tamper: [red]?[2J b" in line


@pytest.mark.parametrize(("form", "first"), [("json", "{"), ("table", "time")])
def test_the_form_can_be_chosen(form: str, first: str, tmp_path: Path) -> None:
    """On a terminal, and off it."""
    out, _ = shown(tmp_path, access_line(), "--format", form)
    assert out.startswith(first)
    done = io.StringIO()
    with contextlib.redirect_stdout(done), contextlib.redirect_stderr(io.StringIO()):
        main(["explain", "--format", form, str(tmp_path / "log")])
    assert done.getvalue().startswith(first)


def test_a_long_table_has_one_head(tmp_path: Path) -> None:
    """It is written page by page, with the same widths."""
    out, _ = shown(tmp_path, "\n".join(map(distinct_line, range(250))))
    rows = out.splitlines()[:251]
    assert [row.startswith("time ") for row in rows] == [True, *[False] * 250]
    assert len({row.index("event") for row in rows[1:]}) == 1
