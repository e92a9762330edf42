"""Where the advice stands, and what is not in it."""

import contextlib
import io
import json
from pathlib import Path

import pytest

from functions.operator.command_line import main
from tests.fakes.access_log_lines import access_line

HEADING = "what to do, format by format (put in what stands in <...>):"
SECRET = "sk_live_abcdefgh"
LINE = json.dumps({"requestId": SECRET, "ip": SECRET, "status": "200", "requestTime": SECRET})


def said(folder: Path, content: str, *words: str) -> tuple[str, str]:
    (folder / "log").write_text(content)
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        assert main(["explain", *words, str(folder / "log")]) == 0
    return out.getvalue(), error.getvalue()


def test_json_lines_stay_one_object_a_request(tmp_path: Path) -> None:
    """The advice goes where the summary goes."""
    out, error = said(tmp_path, f"{access_line()}\n{LINE}\n")
    assert len(list(map(json.loads, out.splitlines()))) == 2
    assert error.index("2 requests:") < error.index(HEADING)


def test_a_table_has_it_at_its_end(tmp_path: Path) -> None:
    """Nothing is on stderr."""
    out, error = said(tmp_path, f"{access_line()}\n{LINE}\n", "--format", "table")
    assert error == ""
    assert out.index("2 requests:") < out.index(HEADING)
    _, _, advice = out.partition(f"{HEADING}\n")
    assert advice.startswith("1. 1 line not billed, JSON with requestId, ip, status, requestTime (")


def test_nothing_of_a_value_is_in_it(tmp_path: Path) -> None:
    """Names of keys alone."""
    _, error = said(tmp_path, f"{LINE}\n<request>{SECRET}</request>\n{{{SECRET}\n")
    assert SECRET not in error.partition(HEADING)[2]


def test_what_is_billed_needs_no_advice(tmp_path: Path) -> None:
    """Nor does what is excluded."""
    lines = f"{access_line()}\n{access_line(status='401')}\n"
    assert HEADING not in said(tmp_path, lines)[1]


def test_a_key_cannot_command_the_terminal(tmp_path: Path) -> None:
    """It may be a client's."""
    line = json.dumps({"requestId": "a", "status": "200", "\x1b[2J": "b"})
    _, error = said(tmp_path, line)
    assert HEADING in error
    assert "\x1b" not in error


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("<request><status>200</status></request>", "XML (invalid_json 1)"),
        ('{"requestId":"a","status":-}', "broken JSON (invalid_json 1)"),
        (
            '{"routeKey":"$default","requestId":"a","status":"1"}',
            "neither a declaration nor a format",
        ),
    ],
)
def test_other_formats_are_named(line: str, expected: str, tmp_path: Path) -> None:
    """And get format v1, if a format helps."""
    _, error = said(tmp_path, line)
    assert expected in error
    assert ('{"v":"1","extendedRequestId":"$context' in error) == ("neither" not in expected)


def test_help_says_where_it_goes() -> None:
    """Whoever pipes the lines has to know."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main(["explain", "--help"])
    text = " ".join(out.getvalue().replace("│", " ").split())
    assert "one a request; summary and advice then go to stderr" in text
