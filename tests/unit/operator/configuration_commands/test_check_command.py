"""`configuration check` with two files: what a log's requests become by each of them."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.operator.command_line import main
from tests.fakes.access_log_lines import LOG_GROUP, distinct_line, subscription_payload

METER = {"id": "api_calls", "metricName": "API Calls"}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder in which no local cloud runs."""
    monkeypatch.chdir(tmp_path)


def write(name: str, **changes: object) -> str:
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": [METER], **changes}
    Path(name).write_text(json.dumps({"versions": [version]}))
    return name


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The lines on stdout of a check that ends well."""
    assert main(["configuration", "check", *words]) == 0
    return capsys.readouterr().out.splitlines()


def differing(
    capsys: pytest.CaptureFixture[str], log: str, before: dict[str, Any], after: dict[str, Any]
) -> list[str]:
    """What is said of the sample."""
    Path("log").write_text(log)
    lines = checked(
        capsys, write("new", **after), "--against", write("old", **before), "--log", "log"
    )
    at = next(number for number, line in enumerate(lines) if line.startswith("sample: "))
    return lines[at:]


def test_what_differs_is_counted_by_outcome_customer_and_meter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the first requests that show it; the rest is a number."""
    lines = [distinct_line(number, status="500") for number in range(7)]
    lines += [distinct_line(number) for number in range(7, 10)]
    found = differing(capsys, "\n".join(lines), {}, {"billServerErrors": False})
    assert found[:8] == [
        "sample: 10 requests, 7 of them otherwise",
        "  7: billed (api_calls) -> excluded (server_error)",
        "requests billed by customer:",
        "  customer  before  after",
        "  cus_7Qm2      10      3",
        "quantity by meter:",
        "  meter      before  after",
        "  api_calls      10      3",
    ]
    assert found[8] == "examples (the first):"
    assert len(found[9:]) == 5
    assert all("GET /pets/{id} 500: API Calls 1, cus_7Qm2 -> excluded" in one for one in found[9:])


def test_a_quantity_and_a_name_that_change_are_differences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The outcome is the same, the bill is not."""
    meter = {**METER, "metricName": "Bytes", "quantity": "response_bytes"}
    found = differing(capsys, distinct_line(1), {}, {"meters": [meter]})
    assert found[0] == "sample: 1 requests, 1 of them otherwise"
    assert found[1] == "  1: billed (api_calls) -> billed (api_calls)"
    assert "  api_calls       1    512" in found
    assert found[-1].endswith("API Calls 1, cus_7Qm2 -> Bytes 512, cus_7Qm2")


def test_an_api_key_that_becomes_known_is_told_by_its_customer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was quarantined is billed."""
    line = distinct_line(1, customerId="-", principalId="-", apiKeyId="key_9", tenantId="-")
    found = differing(capsys, line, {}, {"customers": {"key_9": "cus_new"}})
    assert "  1: quarantined (no_customer) -> billed (api_calls)" in found
    assert "  cus_new        0      1" in found


def test_a_sample_that_both_bill_alike_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    """Though the configurations differ."""
    found = differing(capsys, distinct_line(1), {}, {"customers": {"other": "cus_other"}})
    assert found == ["sample: 1 requests, all alike"]


def test_raw_lines_are_of_one_log_group_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    """The one that is declared, by whichever of them."""
    line = json.dumps({"ids": "AyD6_FHMvHcECIA=", "when": 1_784_512_215_218, "who": "cus_1"})
    fields = {"extendedRequestId": "ids", "requestTimeEpoch": "when", "customerId": "who"}
    place = {"accountId": "123456789012", "apiId": "a", "stage": "s"}
    after = {"accessLogs": {"/g": {"fields": {**fields, "status": "code"}, **place}}}
    Path("log").write_text(line)
    lines = checked(capsys, write("new", **after), "--against", write("old"), "--log", "log")
    assert any(line.startswith("sample: 1 requests, 1 of them") for line in lines)


def test_a_delivery_is_a_sample_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Every form that `explain` takes."""
    payload = json.dumps(subscription_payload([distinct_line(1)], logGroup=LOG_GROUP))
    found = differing(capsys, payload, {}, {"excludedPaths": ["/pets"]})
    assert found[0].startswith("sample: 1 requests")


def test_nothing_changed_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """Who checks a file has changed something, and perhaps saved another."""
    lines = checked(capsys, write("new"), "--against", write("old"))
    assert lines == ["new is usable", "against old:", "  warning: nothing changes"]


def test_a_change_since_the_past_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """It changes what replays bill."""
    lines = checked(capsys, write("new", tenantId="t"), "--against", write("old"))
    assert "  tenantId: none -> t" in [line[2:] for line in lines]
    assert any("warning: 1970-01-01T00:00:00.000Z lies in the past" in line for line in lines)


def test_a_file_is_checked_where_nothing_is_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    """Compared with nothing, and it says so."""
    assert main(["configuration", "check", write("new")]) == 0
    out, err = capsys.readouterr()
    assert out == "new is usable\n"
    assert err.startswith("configuration check: compared with nothing: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.json"], "nowhere.json: there is no such file"),
        (["new", "--from-log", "5"], "make local"),
        (["new", "--against", "old", "--from-log", "5"], "make local"),
        (["new", "--against", "old", "--log", "nowhere"], "--log nowhere: there is no such file"),
        (["new", "--against", "old", "--log", "text"], "--log text: nothing in the input looks"),
        (["new", "--against", "old", "--log", "log", "--from-log", "5"], "--log and --from-log:"),
        (["new", "--against", "bad"], "bad: versions: is needed"),
        (["-", "--against", "old", "--log", "-"], "--log: standard input is read"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names what to give, with status 2."""
    write("new")
    write("old")
    Path("log").write_text(distinct_line(1))
    Path("text").write_text("dear diary\n")
    Path("bad").write_text("{}")
    assert main(["configuration", "check", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_fault_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever name somebody wrote into the document, its fault is one line of text."""
    name = "\x1b[2Jfield\n"
    assert main(["configuration", "check", write("new", **{name: 1})]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("new: versions.0.?[2Jfield")
    assert line.isprintable()


def test_a_configuration_may_come_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What makes it need not write a file."""
    content = Path(write("new")).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert checked(capsys, "-", "--against", write("old"))[0] == "- is usable"


def test_a_name_that_stands_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON takes the last one: of two customers of one API key nobody sees who pays."""
    write("new", customers={"key_1": "cus_a", "key_2": "cus_b"})
    text = Path("new").read_text().replace('"key_2"', '"key_1"')
    Path("new").write_text(text)
    assert main(["configuration", "check", "new"]) == 2
    answer = capsys.readouterr()
    said = "new: versions.0.customers.key_1: stands twice in one object: keep one of them\n"
    assert (answer.out, answer.err) == ("", said)
