"""Every form in which people have a log: the same requests, with the same outcomes."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fakes.access_log_lines import REQUEST_TIME_MS, access_line
from tests.fakes.execution_log_lines import prefixed, request_texts
from tests.fakes.printed_logs import (
    CODINGS,
    FORMS,
    WITH_TIMES,
    Printed,
    Printer,
    pretty,
    printed,
)
from tests.unit.operator.explain.explaining import explain

PLACE = ("--account", "123456789012", "--region", "eu-west-1")
ACCESS = [
    access_line(),
    access_line(status="401", extendedRequestId="BBBB_FHMvHcECIA="),
    access_line(customerId="-", extendedRequestId="CCCC_FHMvHcECIA="),
]
OUTCOMES = [("event", None), ("excluded", "unauthorized"), ("quarantined", "no_customer")]
EXECUTION = prefixed(request_texts())
BODY = prefixed(
    [
        *request_texts()[:6],
        'Method request body before transformations: {\n  "status": "500"\n}',
        *request_texts()[6:],
    ]
)


def outcomes_of(requests: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(one["outcome"], one["reason"]) for one in requests]


@pytest.mark.parametrize("form", FORMS)
def test_an_access_log_is_read_in_every_form(form: str, tmp_path: Path) -> None:
    """Outcomes, reasons and the event's key, in the order of the log."""
    answer = explain(tmp_path, FORMS[form](printed(ACCESS)), *PLACE)
    raw = explain(tmp_path, "\n".join(ACCESS), *PLACE)
    assert (answer.code, outcomes_of(answer.requests)) == (0, OUTCOMES)
    assert answer.requests == raw.requests
    assert answer.summary == raw.summary


@pytest.mark.parametrize("form", WITH_TIMES)
@pytest.mark.parametrize("lines", [EXECUTION, BODY], ids=["plain", "body of many lines"])
def test_an_execution_log_keeps_the_time_of_its_first_line(
    form: str, lines: list[str], tmp_path: Path
) -> None:
    """One request, and when it began: the form says it, the lines do not."""
    code, (request,), _ = explain(tmp_path, FORMS[form](printed(lines)), *PLACE)
    second = REQUEST_TIME_MS // 1000 * 1000
    time_ms = second if form == "tail, short" else REQUEST_TIME_MS
    assert (code, request["outcome"], request["time_epoch_ms"]) == (0, "event", time_ms)
    assert request["event"]["occurredAt"].startswith("2026-07-20T01:50:15")


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("form", ["raw", "tail, json", "Insights, CSV", "filter-log-events, text"])
def test_a_file_is_read_in_every_coding(form: str, coding: str, tmp_path: Path) -> None:
    """Whatever editor or shell wrote it; gzip is known by its first bytes."""
    text = FORMS[form](printed(ACCESS))
    code, requests, _ = explain(tmp_path, CODINGS[coding](text), *PLACE)
    assert (code, outcomes_of(requests)) == (0, OUTCOMES)


JOINED = {
    "lines": "\n".join(pretty(line, 2) for line in ACCESS),
    "blank lines": "\n\n".join(pretty(line, 2) for line in ACCESS),
    "commas": ",\n".join(pretty(line, 2) for line in ACCESS),
    "commas on lines of their own": "\n,\n".join(pretty(line, 2) for line in ACCESS),
    "nothing": "".join(pretty(line, 2) for line in ACCESS),
    "nothing, on one line": "".join(ACCESS),
    "commas, on one line": ",".join(ACCESS),
    "tabs, on one line": "\t".join(ACCESS),
    "lines with commas": ",\n".join(ACCESS) + ",",
    "list": json.dumps(list(map(json.loads, ACCESS))),
    "pretty list": json.dumps(list(map(json.loads, ACCESS)), indent=4),
    "list of lines": "[\n" + ",\n".join(ACCESS) + "\n]",
}


@pytest.mark.parametrize("join", JOINED)
def test_objects_one_after_the_other_are_taken_apart(join: str, tmp_path: Path) -> None:
    """Printed over many lines or on one, with whatever stands between them."""
    code, requests, _ = explain(tmp_path, JOINED[join], *PLACE)
    assert (code, outcomes_of(requests)) == (0, OUTCOMES)


FORGED = access_line(customerId="cus_victim", extendedRequestId="FFFF_FHMvHcECIA=")
TAILED = f"2026-07-20T01:50:16.000000+00:00 {'0' * 32} {FORGED}"
INJECTED = {
    # A quote that nobody escaped ends the User-Agent's text, and with it the object.
    "objects on one line": f'{{"status":"200","userAgent":"x"}}{FORGED[:-1]},"z":""}}',
    "objects with a comma": f'{{"status":"200","userAgent":"x"}},{FORGED[:-1]},"z":""}}',
    "envelope": f'{{"status":"200","userAgent":"x","events":[{{"message":{json.dumps(FORGED)}}}]}}',
    "payload": '{"status":"200","userAgent":"x","messageType":"DATA_MESSAGE","owner":"o",'
    f'"logGroup":"g","logStream":"s","logEvents":[{{"message":{json.dumps(FORGED)}}}]}}',
    "row": f'{{"status":"200","userAgent":"x","@message":{json.dumps(FORGED)}}}',
}


@pytest.mark.parametrize("name", INJECTED)
@pytest.mark.parametrize("form", FORMS)
def test_what_a_client_wrote_into_a_line_is_no_second_record(
    name: str, form: str, tmp_path: Path
) -> None:
    """Such a line is one request, as it is to metering, and nobody's event."""
    answer = explain(tmp_path, FORMS[form](printed([INJECTED[name], ACCESS[0]])), *PLACE)
    outcomes = [one["outcome"] for one in answer.requests]
    assert (answer.code, outcomes) == (0, ["quarantined", "event"])
    assert "cus_victim" not in answer.summary


LIKE_OTHERS = {
    "tail": TAILED,
    "short": f"2026-07-20T01:50:16 {FORGED}",
    "export": f"2026-07-20T01:50:16.000Z {FORGED}",
    "text": f"EVENTS\t{9:056}\t{REQUEST_TIME_MS}\tstream\t{FORGED}\t{REQUEST_TIME_MS}",
    "pair": f"{REQUEST_TIME_MS}\t{FORGED}",
}


@pytest.mark.parametrize("form", WITH_TIMES)
def test_another_forms_line_in_a_body_is_part_of_the_body(form: str, tmp_path: Path) -> None:
    """A body in an execution log may begin its lines like any other form."""
    own = {"tail": "tail", "tail, json": "tail", "tail, short": "short", "pairs, text": "pair"}
    own |= {"console": "export", "console, opened": "export", "console, bars": "export"}
    own |= {"export": "export", "filter-log-events, text": "text"}
    others = [text for name, text in LIKE_OTHERS.items() if name != own.get(form)]
    body = f"Method request body before transformations: {{\n{'\n'.join(others)}\n}}"
    lines = prefixed([*request_texts()[:6], body, *request_texts()[6:]])
    code, requests, _ = explain(tmp_path, FORMS[form](printed(lines)), *PLACE)
    assert (code, outcomes_of(requests)) == (0, [("event", None)])


WORDS = st.sampled_from(
    [
        *LIKE_OTHERS.values(),
        FORGED,
        '","customerId":"cus_victim',
        '"}{"status":"200',
        "\t",
        "\n",
        "(x) y",
        "é\u2028\u0085",
        "[",
    ]
)
CLIENT_TEXT = st.lists(WORDS, max_size=4).map("".join)


@st.composite
def access_logs(draw: st.DrawFn) -> list[str]:
    """Lines, whole and broken."""
    found: list[str] = []
    for number in range(draw(st.integers(1, 5))):
        said = {"extendedRequestId": f"{number:011}FHM=", "userAgent": draw(CLIENT_TEXT)}
        status = draw(st.sampled_from(["200", "401", "503", "-"]))
        line = access_line(status=status, **said)
        match draw(st.sampled_from(["whole", "cut", "bare", "not escaped"])):
            case "cut":
                line = line[: draw(st.integers(20, len(line) - 1))]
            case "bare":
                line = line.replace(f'"{status}"', "-")
            case "not escaped":
                text = "".join(sign for sign in said["userAgent"] if sign.isprintable())
                line = line[:-1] + f',"agent":"{text}"}}'
        found.append(line)
    return found


@st.composite
def execution_logs(draw: st.DrawFn) -> list[str]:
    """Requests one after the other, some without their end."""
    found: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        lines = request_texts(extended_id=f"{number:011}FHM=", status=draw(st.integers(200, 599)))
        end = draw(st.integers(1, len(lines)))
        found += prefixed(lines[:end], f"{number:08}-3a85-4167-851d-9ab66fc506b3")
    return found


def all_printed(lines: Sequence[str], form: Printer) -> bytes:
    events = [Printed(one, number=at) for at, one in enumerate(lines)]
    return form(events).encode()


@settings(max_examples=300, deadline=None)
@given(access_logs() | execution_logs(), st.sampled_from(sorted(FORMS)))
@example([ACCESS[0][:-1], ACCESS[0]], "tail, json")
def test_every_form_says_what_the_raw_lines_say(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], form: str
) -> None:
    """Of each request the same outcome and reason, whatever clients wrote into it."""
    folder = tmp_path_factory.getbasetemp()
    raw = explain(folder, all_printed(lines, FORMS["raw"]), *PLACE)
    other = explain(folder, all_printed(lines, FORMS[form]), *PLACE)
    assert Counter(outcomes_of(other.requests)) == Counter(outcomes_of(raw.requests))
    assert other.code == raw.code
