"""`aforo-metering compare` on a log: what it counts, what it lists, and why."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.operator.migration.likely_reason import MEANINGS
from functions.usage.moment import DAY_MS, iso_from_epoch_ms
from tests.fakes.access_log_lines import REQUEST_TIME_MS, access_line
from tests.local.endpoints import ROOT
from tests.local.plugin.installed import LOG_FORMAT
from tests.local.stage_log import format_v1
from tests.unit.operator.explain.explaining import explain
from tests.unit.operator.migration.comparing import (
    CUSTOMER,
    DAY,
    Answer,
    ask,
    compare,
    plugin_event,
)


def request_id(number: int) -> str:
    return str(UUID(int=number))


def line(number: int, **changes: object) -> str:
    own = {"requestId": request_id(number), "extendedRequestId": f"id{number:012}="}
    return access_line(**{**own, **changes})


def one_request(folder: Path, theirs: dict[str, Any] | None, **changes: object) -> Answer:
    """Of one that both bill, and one that is of interest."""
    billed = [plugin_event(request_id(1)), *([theirs] if theirs else [])]
    return compare(folder, billed, [line(1), line(2, **changes)])


def test_what_both_bill_alike_is_equal(tmp_path: Path) -> None:
    """Status 0, no request is named, and the day says so."""
    answer = one_request(tmp_path, plugin_event(request_id(2)))
    assert (answer.code, answer.requests) == (0, [])
    whole = {"row": "day", "customer": CUSTOMER, "meter": "api_calls", "day": DAY}
    assert answer.days == [{**whole, "theirs": 2, "ours": 2, "difference": 0}]
    assert answer.said == "compare: 2 requests are billed alike by both, 0 are not\n"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "not_billed_there"),
        ({"status": 429, "integrationStatus": 429}, "excluded_status_there"),
        ({"resourcePath": "/healthcare"}, "excluded_path_there"),
        ({"httpMethod": "OPTIONS"}, "options_there"),
        ({"customerId": "c" * 65}, "no_customer_there"),
        ({"requestId": request_id(1)}, "request_id_reused"),
        ({"requestId": "-"}, "not_billed_there"),
    ],
)
def test_what_only_ours_bills_has_the_likely_reason(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    """Each of the plugin's own rules that ours does not have."""
    answer = one_request(tmp_path, None, **changes)
    assert (answer.code, answer.reasons) == (1, [("ours", reason)])
    assert answer.requests[0]["extendedRequestId"] == "id000000000002="
    assert f"1 {reason}: {MEANINGS[reason]}" in answer.said
    assert sum(day["difference"] for day in answer.days) == 1


def test_a_customer_that_only_ours_knows_by_its_api_key(tmp_path: Path) -> None:
    """The plugin bills nobody who is not in the line."""
    version = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "customers": {"key7": "cus_map"},
    }
    config = tmp_path / "metering.json"
    config.write_text(json.dumps({"versions": [version]}))
    lines = [line(1), line(2, customerId="-", apiKeyId="key7")]
    answer = compare(tmp_path, [plugin_event(request_id(1))], lines, "--config", str(config))
    assert answer.reasons == [("ours", "no_customer_there")]
    assert answer.requests[0]["customer"] == "cus_map"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"customerId": "-"}, "quarantined (no_customer): no customerId, and the customer map has"),
        ({"extendedRequestId": "-"}, "quarantined (no_request_identity): extendedRequestId must "),
        ({"status": 401}, "excluded (unauthorized)"),
    ],
)
def test_what_only_the_other_side_bills_says_what_ours_makes_of_it(
    tmp_path: Path, changes: dict[str, object], detail: str
) -> None:
    """Excluded or quarantined, with the detail that `explain` gives."""
    answer = one_request(tmp_path, plugin_event(request_id(2)), **changes)
    assert (answer.code, answer.reasons) == (1, [("theirs", "we_do_not_bill")])
    assert answer.requests[0]["detail"].startswith(detail)


def test_what_is_not_in_the_log_is_said_to_be(tmp_path: Path) -> None:
    """Another stage's request, or one outside of the log."""
    answer = compare(
        tmp_path, [plugin_event(request_id(1)), plugin_event(request_id(9))], [line(1)]
    )
    assert (answer.code, answer.reasons) == (1, [("theirs", "not_in_log")])
    assert answer.requests[0]["requestId"] == request_id(9)


def test_what_the_other_side_billed_twice_under_one_id(tmp_path: Path) -> None:
    """Once is right; the second is theirs alone."""
    answer = compare(tmp_path, [plugin_event(request_id(1))] * 2, [line(1)])
    assert (answer.code, answer.reasons) == (1, [("theirs", "billed_twice")])
    assert answer.days[0]["difference"] == -1


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"customerId": "cus_b"}, f"customer cus_b, ours {CUSTOMER}"),
        ({"quantity": 3}, "quantity 3, ours 1"),
        ({"occurredAt": iso_from_epoch_ms(REQUEST_TIME_MS + DAY_MS)}, "day"),
        ({"metricName": "sms_sent"}, "meter sms_sent, ours api_calls"),
    ],
)
def test_a_request_that_both_bill_but_not_alike(
    tmp_path: Path, changes: dict[str, Any], detail: str
) -> None:
    """By customer, quantity, day and metric."""
    answer = one_request(tmp_path, plugin_event(request_id(2), **changes))
    assert (answer.code, answer.reasons) == (1, [("both", "differs")])
    assert answer.requests[0]["detail"] == detail


def test_a_metric_may_be_told_to_be_a_meter(tmp_path: Path) -> None:
    """And where nobody tells, a line says how."""
    billed = [plugin_event(request_id(1), metricName="GET /pets")]
    unknown = compare(tmp_path, billed, [line(1)])
    assert unknown.code == 1
    assert "no meter of the configuration has this name: --metric 'GET /pets=METER'" in unknown.said
    told = compare(tmp_path, billed, [line(1)], "--metric", "GET /pets=api_calls")
    assert (told.code, told.requests) == (0, [])


def test_each_meter_is_paired_with_its_own(tmp_path: Path) -> None:
    """Two meters of ours, one of theirs: the other one is not billed there."""
    meters = [
        {"id": "bytes", "metricName": "Data Transfer", "quantity": "response_bytes"},
        {"id": "api_calls", "metricName": "API Calls"},
    ]
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters}
    config = tmp_path / "metering.json"
    config.write_text(json.dumps({"versions": [version]}))
    billed = [plugin_event(request_id(1), metricName="API Calls")]
    answer = compare(tmp_path, billed, [line(1)], "--config", str(config))
    assert answer.reasons == [("ours", "meter_not_there")]
    assert answer.requests[0]["meter"] == "bytes"


def test_a_line_that_stands_twice_is_one_request(tmp_path: Path) -> None:
    """As metering has it: an event key is billed once."""
    answer = compare(tmp_path, [plugin_event(request_id(1))], [line(1), line(1)])
    assert (answer.code, answer.days[0]["ours"]) == (0, 1)


def test_the_rows_of_a_ledger_are_another_side(tmp_path: Path) -> None:
    """What ours has billed, against the log: by the event key, where the Region is told."""
    explained = explain(tmp_path, f"{line(1)}\n{line(2)}", "--region", "eu-west-1")
    rows = [
        {
            "key": event["idempotencyKey"],
            "customerId": CUSTOMER,
            "meter": "api_calls",
            "quantity": 1,
            "occurredAt": event["occurredAt"],
            "outcome": "confirmed",
        }
        for event in (one["event"] for one in explained.requests)
    ]
    words = ["--region", "eu-west-1"]
    assert compare(tmp_path, rows, [line(1), line(2)], *words).code == 0
    lacking = compare(tmp_path, rows[:1], [line(1), line(2)], *words)
    assert lacking.reasons == [("ours", "not_billed_there")]


ONE = request_id(1)
COLUMNS = "customer_id,metric_id,quantity,event_timestamp,event_id"
SPELT = [
    f"{COLUMNS}\n{CUSTOMER},api_calls,1,{DAY}T01:00:00Z,{request_id(1)}\n",
    f"\ufeffCustomer,METRIC,Quantity,Day,Request-Id\r\n{CUSTOMER},API Calls,1.0,{DAY},{ONE}\r\n",
    json.dumps({"events": [plugin_event(request_id(1))], "received_at": [1], "next": None}),
    json.dumps([plugin_event(request_id(1))], indent=2),
    json.dumps(
        {"customer": CUSTOMER, "quantity": "1", "time": REQUEST_TIME_MS, "requestId": request_id(1)}
    ),
    "\n" + json.dumps(plugin_event(request_id(1))) + "\n\n",
    f" Customer , Metric , Units , Day , Key \n {CUSTOMER} , api_calls , 1 , {DAY} , {ONE} \n",
    json.dumps(plugin_event(request_id(1)) | {"key": ["a"], "tags": [{}]}),
]


@pytest.mark.parametrize("billed", SPELT)
def test_the_other_side_may_be_spelt_in_many_ways(tmp_path: Path, billed: str) -> None:
    """CSV as Aforo's upload names its columns, JSON lines, a document, and what people write."""
    answer = compare(tmp_path, billed, [line(1)])
    assert (answer.code, answer.requests, answer.days[0]["theirs"]) == (0, [], 1)


def test_a_side_that_billed_nothing_is_no_bad_input(tmp_path: Path) -> None:
    """An answer with an empty list."""
    answer = compare(tmp_path, '{"events": [], "received_at": [], "next": null}', [line(1)])
    assert (answer.code, answer.days[0]["difference"]) == (1, 1)


def test_ids_that_are_nobody_s_are_told(tmp_path: Path) -> None:
    """Where nothing is known to both sides, they may name different things."""
    answer = compare(tmp_path, [plugin_event("evt_1")], [line(1)])
    assert set(answer.reasons) == {("theirs", "not_in_log"), ("ours", "not_billed_there")}
    assert "are they ids of these requests?" in answer.said


def test_sums_alone_are_compared_where_no_request_is_named(tmp_path: Path) -> None:
    """A line of an invoice: 3 on a day."""
    billed = f"customer,metric,day,quantity\n{CUSTOMER},api_calls,{DAY},3\n"
    answer = compare(tmp_path, billed, [line(1), line(2)])
    assert (answer.code, answer.requests) == (1, [])
    assert answer.days[0]["difference"] == -1
    assert "names no requests: only sums are compared" in answer.said


def test_a_window_is_of_both_sides(tmp_path: Path) -> None:
    """Whatever lies outside of it is nobody's."""
    later = {"requestTimeEpoch": str(REQUEST_TIME_MS + DAY_MS)}
    billed = [plugin_event(request_id(1)), plugin_event(request_id(3), occurredAt="2027-01-01")]
    answer = compare(
        tmp_path, billed, [line(1), line(2, **later)], "--from", DAY, "--to", f"{DAY}T23"
    )
    assert (answer.code, answer.requests) == (0, [])


BAD = [
    ("", "it is empty"),
    (
        "customer,metric\na,b\n",
        "line 2: occurredAt: missing: name a field occurredAt; it has customer, metric",
    ),
    (f"{COLUMNS}\n,m,1,{DAY},x\n", "line 2: customerId: missing"),
    (f"{COLUMNS}\na,m,lots,{DAY},x\n", "line 2: quantity: 'lots' is no number: write 1.5"),
    (f"{COLUMNS}\na,m,NaN,{DAY},x\n", "line 2: quantity: 'NaN' is no number"),
    (f"{COLUMNS}\na,m,1e999999999,{DAY},x\n", "line 2: quantity: '1e999999999' is no number"),
    ('{"customerId": ["a"], "quantity": 1, "day": "2026-10-02"}', "line 1: customerId: missing"),
    ('{"customerId": "a", "quantity": [1], "day": "2026-10-02"}', "line 1: quantity: missing"),
    ('{"customerId": "a", "quantity": 1, "day": [1]}', "line 1: occurredAt: missing"),
    ("<html>no bill</html>\n", "line 1: customerId: missing: name a field customerId"),
    ("customer,metric,units\n", "line 1: occurredAt: missing: name a field occurredAt"),
    (f"customer,customer,day,units\na,b,{DAY},1\n", "line 1: two columns are called customer"),
    (f"{COLUMNS}\na,m,1,soon,x\n", "line 2: occurredAt: 'soon' is no time: write 2026-10-02T08"),
    (f"{COLUMNS}\na,m\n", "line 2: 2 fields, the first line names 5"),
    (f'{COLUMNS}\n"a,m,1,{DAY},x\n', "the CSV is broken"),
    ('{"customerId": "a"}\nno\n', "line 1: occurredAt: missing"),
    (json.dumps(plugin_event("x")) + "\nno\n", "line 2: no JSON object: write one on each line"),
    ('{"a": 1,\n', "it is neither JSON lines nor a JSON document with one list of objects"),
    ("[1]", "object 1 of the list: no JSON object"),
]


@pytest.mark.parametrize(("billed", "said"), BAD)
def test_what_cannot_be_read_is_one_line_that_names_the_field(
    tmp_path: Path, billed: str, said: str
) -> None:
    """Status 2: it is not taken for a difference."""
    answer = compare(tmp_path, billed, [line(1)])
    assert answer.code == 2
    assert answer.said.startswith(f"compare: {tmp_path}/billed: ")
    assert said in answer.said
    assert answer.said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.csv", "access.log"], "none.csv: there is no such file"),
        (["billed.csv", "none.log"], "none.log: there is no such file"),
        (["-", "-"], "LOG: standard input is read for what was billed; name a file"),
        (["billed.csv", "access.log", "--bucket", "b"], "LOG: give it, or --stack or --bucket"),
        (["billed.csv", "access.log", "--metric", "x"], "--metric: x: write THEIRS=OURS"),
        (["billed.csv", "access.log", "--metric", "x=y"], "y is no meter of the configuration"),
        (["billed.csv", "access.log", "--from", "soon"], "--from: soon is no UTC time"),
        (["billed.csv", "access.log", "--account", "1"], "--account: '1' is no account id"),
        (["billed.csv", "billed.csv"], "looks like a line of an API Gateway log"),
        (["billed.csv"], "start the local cloud with `make local`, or give --stack"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    """And nothing is printed that a program would take for a comparison."""
    monkeypatch.chdir(tmp_path)
    Path("billed.csv").write_text(f"{COLUMNS}\na,api_calls,1,{DAY},x\n")
    Path("access.log").write_text(f"{line(1)}\n")
    status, _, error = ask(*words, "--format", "json")
    assert status == 2
    assert said in error
    assert error.startswith("compare: ")


def test_a_table_names_the_first_requests_and_says_how_many_more(tmp_path: Path) -> None:
    """With totals, and the reasons in words."""
    (tmp_path / "billed").write_text(f"{COLUMNS}\n{CUSTOMER},api_calls,1,{DAY},{request_id(1)}\n")
    (tmp_path / "log").write_text("".join(f"{line(number)}\n" for number in range(1, 6)))
    status, out, error = ask(str(tmp_path / "billed"), str(tmp_path / "log"), "--show", "2")
    assert (status, error) == (1, "")
    rows = [row.split() for row in out.splitlines()]
    assert rows[0] == ["customer", "meter", "day", "theirs", "ours", "difference"]
    assert rows[1] == [CUSTOMER, "api_calls", DAY, "1", "5", "4"]
    assert rows[2] == ["total", "1", "5", "4"]
    assert sum(row[:1] == ["not_billed_there"] for row in rows) == 2
    assert "and 2 more: --show, or --format json names each" in out


def test_csv_has_a_column_for_each_field(tmp_path: Path) -> None:
    """Requests first, then the days."""
    (tmp_path / "billed").write_text(f"{COLUMNS}\n{CUSTOMER},api_calls,1,{DAY},{request_id(1)}\n")
    (tmp_path / "log").write_text(f"{line(1)}\n{line(2)}\n")
    _, out, _ = ask(str(tmp_path / "billed"), str(tmp_path / "log"), "--format", "csv")
    head, request, day = (row.split(",") for row in out.splitlines())
    assert dict(zip(head, request, strict=True))["requestId"] == request_id(2)
    assert dict(zip(head, day, strict=True))["difference"] == "1"


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.sets(st.integers(1, 40), min_size=1),
    theirs_only=st.sets(st.integers(41, 60)),
    lost=st.sets(st.integers(1, 40)),
)
def test_the_listed_requests_are_those_that_one_side_lacks(
    tmp_path_factory: pytest.TempPathFactory,
    numbers: set[int],
    theirs_only: set[int],
    lost: set[int],
) -> None:
    """Always: no more, no fewer, each once; and the days differ by as many."""
    kept = numbers - lost
    billed = [plugin_event(request_id(one)) for one in [*sorted(kept), *sorted(theirs_only)]]
    if not billed:
        return
    folder = tmp_path_factory.mktemp("sides")
    answer = compare(folder, billed, [line(one) for one in sorted(numbers)])
    listed = {(one["side"], one["requestId"]) for one in answer.requests}
    assert listed == {("ours", request_id(one)) for one in numbers - kept} | {
        ("theirs", request_id(one)) for one in theirs_only
    }
    assert len(answer.requests) == len(listed)
    difference = sum(day["difference"] for day in answer.days)
    assert difference == len(numbers - kept) - len(theirs_only)
    assert answer.code == (1 if listed else 0)


def test_every_reason_stands_in_the_guide() -> None:
    """With what to do about it, once."""
    guide = (ROOT / "docs" / "how-to" / "migrate-from-the-plugin.md").read_text()
    assert [reason for reason in MEANINGS if guide.count(f"| `{reason}` |") != 1] == []


def test_format_v1_holds_every_key_of_the_plugin_s_format() -> None:
    """Under the same name: whoever reads these is not disturbed by the others."""
    plugins = json.loads(LOG_FORMAT)
    assert len(plugins) == 9
    assert plugins.items() <= json.loads(format_v1()).items()
