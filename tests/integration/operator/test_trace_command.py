"""A disputed request is traced from its log line to its bill, on real logs, queues and buckets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.operator.trace import trace_command
from functions.usage.message import to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.execution_log_lines import prefixed, request_texts
from tests.integration.operator.disputed import COUNTER, Disputed, configuration, disputed
from tests.local.ministack import Ministack

EXTENDED = "AyD6_FHMvHcECIA="
OTHER = "AyD6_OTHERHcECI="
REQUEST = "abe23b51-3a85-4167-851d-9ab66fc506b3"
CUSTOMER = "cus_7Qm2"


@pytest.fixture
def case(
    on_ministack: Ministack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Disputed]:
    with disputed(on_ministack, tmp_path, monkeypatch, capsys) as found:
        yield found


def road(traced: dict[str, Any], place: str) -> list[dict[str, Any]]:
    found = traced["road"][place]
    assert isinstance(found, list), found
    return found


def test_a_billed_request_is_told_from_its_line_to_the_counter(case: Disputed) -> None:
    """Every place in the order of the road; what does not know it says what was searched."""
    version = case.configure(configuration())
    case.log(case.line(), case.line(OTHER))
    (key, _) = case.settle(case.meter(case.line(), case.line(OTHER)))
    case.audit("orders", closed=False, confirmed=1)
    window = case.audit("orders", closed=True, confirmed=2)
    (traced,) = case.trace("--extended-request-id", EXTENDED)
    assert list(traced["road"]) == [
        "log",
        "metering",
        "configuration",
        "quarantine",
        "UsageQueue",
        "UsageDeadLetterQueue",
        "ledger",
        "replay",
        "audit",
        "counters",
    ]
    (line,) = road(traced, "log")
    assert (line["logGroup"], line["logStream"]) == (case.access_group, "stream")
    assert line["time"] == iso_from_epoch_ms(case.now_ms + 40)
    assert json.loads(line["message"])["extendedRequestId"] == EXTENDED
    (event,) = road(traced, "metering")
    assert (event["key"], event["customerId"], event["quantity"]) == (key, CUSTOMER, 1)
    now, billed = road(traced, "configuration")
    assert (now["use"], now["versionId"]) == ("now", version)
    assert now["effectiveFrom"] == "1970-01-01T00:00:00.000Z"
    assert billed["use"].startswith("billed at ")
    assert billed["versionId"] == version
    (row,) = road(traced, "ledger")
    assert (row["key"], row["outcome"]) == (key, "confirmed")
    assert set(row["secondsAfter"]) == {"metered", "queued", "settled"}
    (record,) = road(traced, "audit")
    assert (record["window"], record["state"], record["served"]) == (str(window), "closed", 2)
    (counter,) = road(traced, "counters")
    assert (counter["used"], counter["limit"]) == (COUNTER["used"], COUNTER["limit"])
    (_, _, asked) = case.reconciliation.asked[-1]
    assert json.loads(asked) == {
        "inspect": {"customerId": CUSTOMER, "meter": "api_calls", "keys": [key]}
    }
    for place in ("quarantine", "UsageDeadLetterQueue", "replay"):
        assert traced["road"][place]["notThere"]
    assert traced["differs"] == []
    settled_at = iso_from_epoch_ms(case.now_ms + 3_100)[11:19]
    assert traced["verdict"] == (
        f"billed once to {CUSTOMER}: 1 api_calls, confirmed {settled_at}Z (3.1 s after the request)"
    )


def test_a_person_reads_the_same_and_the_sentence_last(case: Disputed) -> None:
    """As text, without a credential that stood in the line."""
    case.configure(configuration())
    line = case.line(principalId="Bearer abcdefgh")
    case.log(line)
    case.settle(case.meter(line))
    status, out, _ = case.run("--extended-request-id", EXTENDED)
    assert status == 0
    assert out.splitlines()[-1].startswith(f"  billed once to {CUSTOMER}: 1 api_calls, confirmed ")
    assert "    not there: no row names one" in out
    assert "it cannot be searched" in out
    assert "abcdefgh" not in out


def test_every_request_of_one_request_id_is_told_apart(
    case: Disputed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller chose it for both; one was billed, the other one refused."""
    case.configure(configuration())
    lines = [case.line(), case.line(OTHER, status="429")]
    case.log(*lines)
    case.settle(case.meter(*lines))
    found = case.trace("--request-id", REQUEST)
    verdicts = {one["extendedRequestId"]: one["verdict"] for one in found}
    assert verdicts.keys() == {EXTENDED, OTHER}
    assert verdicts[EXTENDED].startswith("billed once")
    assert verdicts[OTHER] == (
        "not billed: excluded (throttled; status 429; API Gateway throttled it)"
    )
    monkeypatch.setattr(trace_command, "MOST_TRACED", 1)
    status, out, err = case.run("--request-id", REQUEST, "--format", "json")
    assert (status, len(out.splitlines())) == (0, 1)
    assert "trace: the first 1 are shown" in err


def test_what_is_billed_otherwise_than_today_is_said_loudly(case: Disputed) -> None:
    """The configuration was changed since: the bill names the one it was made by."""
    old = case.configure(configuration())
    case.log(case.line())
    (key,) = case.settle(case.meter(case.line()))
    new = case.configure(configuration(excludedPaths=["/pets"]))
    (traced,) = case.trace("--extended-request-id", EXTENDED)
    (made,) = road(traced, "metering")
    assert (made["outcome"], made["reason"]) == ("excluded", "excluded_path")
    assert made["why"] == "status 200; its path is in excludedPaths"
    now, billed = road(traced, "configuration")
    assert (now["versionId"], {old, new} >= {billed["versionId"]}) == (new, True)
    assert road(traced, "ledger")[0]["key"] == key
    (sentence,) = traced["differs"]
    assert sentence.startswith(f"the ledger has 1 api_calls for {CUSTOMER}")
    assert sentence.endswith("makes of the line nothing (excluded: excluded_path)")
    _, out, _ = case.run("--extended-request-id", EXTENDED)
    assert "  DIFFERS: the ledger has 1 api_calls" in out
    around = ["--customer", CUSTOMER, "--at", iso_from_epoch_ms(case.now_ms)]
    (row,) = case.trace(*around)
    assert (row["metering"], row["ledger"], row["key"]) == (
        "excluded: excluded_path",
        "confirmed",
        key,
    )


def test_a_quarantined_request_is_found_in_its_object(case: Disputed) -> None:
    """By its text: the ids of a delivery may differ from the log's."""
    case.configure(configuration())
    line = case.line(customerId="-", principalId="-")
    case.log(line)
    assert case.meter(line, case.line(OTHER, customerId="-", principalId="-")) == []
    (traced,) = case.trace("--extended-request-id", EXTENDED)
    (kept,) = road(traced, "quarantine")
    assert (kept["reason"], kept["lines"]) == ("no_customer", 1)
    assert kept["object"].startswith(f"s3://{case.name}-quarantine/quarantine/no_customer/")
    assert traced["verdict"].startswith("not billed: quarantined (no_customer)")


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("aws/lambda/async/metering/{day}/x", 1),
        ("aws/lambda/async/metering/2020/01/02/x", 0),
        ("replayed/outage-1/aws/lambda/async/metering/{day}/x", 1),
        ("replayed/outage-1/quarantine/no_customer/2020-01-02/03/x.json", 0),
    ],
)
def test_a_whole_delivery_that_was_kept_is_opened(case: Disputed, folder: str, found: int) -> None:
    """Lambda's record of one that failed three times, also when a replay has dealt with it; what is
    of another time is not read.
    """
    case.configure(configuration())
    case.log(case.line())
    name = folder.format(day=iso_from_epoch_ms(case.now_ms)[:10].replace("-", "/"))
    record = {"requestPayload": case.delivery(case.line(), case.line(OTHER))}
    bucket = f"{case.name}-quarantine"
    case.s3.put_object(Bucket=bucket, Key=name, Body=json.dumps(record).encode())
    (traced,) = case.trace("--extended-request-id", EXTENDED)
    assert ("notThere" in traced["road"]["quarantine"]) is (found == 0)
    rows = road(traced, "quarantine") if found else []
    assert [(kept["reason"], kept["lines"]) for kept in rows] == [("failed_delivery", 1)] * found
    assert [kept["object"] for kept in rows] == [f"s3://{bucket}/{name}"] * found
    assert all((kept["leftBy"] == "outage-1") is name.startswith("replayed/") for kept in rows)


def test_what_was_set_aside_shows_in_its_queue_and_the_ledger(case: Disputed) -> None:
    """The message shows again at once."""
    case.configure(configuration())
    case.log(case.line())
    (message,) = case.meter(case.line())
    aside = {"setAsideClass": "config", "reason": "unknown_metric"}
    body = to_body({**message, "setAside": {**aside, "tries": 1}})
    case.sqs.send_message(QueueUrl=case.urls["usage_dead_letter"], MessageBody=body)
    keys = case.settle([message], outcome="set_aside", **aside)
    (traced,) = case.trace("--extended-request-id", EXTENDED)
    (letter,) = road(traced, "UsageDeadLetterQueue")
    assert (letter["class"], letter["reason"], letter["keys"]) == (
        "config",
        "unknown_metric",
        keys,
    )
    assert traced["verdict"] == (
        f"not billed: 1 api_calls of {CUSTOMER} set aside as config: unknown_metric."
        " Create at Aforo what it lacks, then replay"
    )
    url = case.urls["usage_dead_letter"]
    assert len(case.sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_a_key_finds_its_row_and_then_its_line(case: Disputed) -> None:
    """With or without about when it was; a replay or an audit that brought it is named."""
    case.configure(configuration())
    case.log(case.line(), case.line(OTHER))
    messages = case.meter(case.line(), case.line(OTHER))
    (key, _) = case.settle(messages, replayId="audit-1")
    run = "audit-runs/audit-1/manifest.json"
    case.s3.put_object(Bucket=case.ledger_bucket, Key=run, Body=b"{}")
    at = ["--at", iso_from_epoch_ms(case.now_ms + 60_000)]
    for words in ([], at):
        (traced,) = case.trace("--key", key, *words)
        assert traced["extendedRequestId"] == EXTENDED
        assert road(traced, "replay") == [{"execution": "audit-1", "kind": "audit"}]
        assert traced["verdict"].startswith("billed once")


def test_a_key_whose_line_is_gone_is_told_from_the_ledger(case: Disputed) -> None:
    """A log keeps its lines for some days only; so is an extended id whose stage is declared."""
    source = {
        "name": "declared",
        "logGroup": case.access_group,
        "kind": "access",
        "apiId": "a1b2c3d4e5",
        "stage": "prod",
    }
    case.configure({**configuration(), "sources": [source]})
    (key,) = case.settle(case.meter(case.line()))
    for words in (["--key", key], ["--extended-request-id", EXTENDED]):
        (traced,) = case.trace(*words)
        assert road(traced, "ledger")[0]["key"] == key
        assert "searched 2 log groups" in traced["road"]["log"]["notThere"]
        assert traced["verdict"].startswith("billed once")


def test_a_key_that_only_a_message_knows_is_found(case: Disputed) -> None:
    """It was moved to the dead-letter queue after too many receives."""
    case.configure(configuration())
    case.log(case.line())
    (message,) = case.meter(case.line())
    case.sqs.send_message(QueueUrl=case.urls["usage_dead_letter"], MessageBody=to_body(message))
    (traced,) = case.trace("--key", message["events"][0]["idempotencyKey"])
    assert traced["extendedRequestId"] == EXTENDED
    assert traced["verdict"] == (
        "not billed yet: set aside in UsageDeadLetterQueue (exhausted: received_too_often)"
    )


def test_all_lines_of_a_request_in_an_execution_log_are_shown(case: Disputed) -> None:
    """By either id; no line of a neighbour passes for one of them."""
    case.configure(configuration())
    neighbour = prefixed(request_texts(extended_id=OTHER), "11111111-2222-4333-8444-555555555555")
    lines = prefixed(request_texts(extended_id=EXTENDED))
    case.log(*neighbour, *lines, group=case.execution_group)
    (message,) = case.meter(*neighbour, *lines, group=case.execution_group)
    keys = case.settle([message])
    for words in (["--extended-request-id", EXTENDED], ["--request-id", REQUEST]):
        (traced,) = case.trace(*words, "--source", "zero")
        assert next(row["message"] for row in road(traced, "log")) == lines[0]
        assert len(road(traced, "log")) == len(lines)
        assert [row["key"] for row in road(traced, "ledger")] == traced["keys"]
        assert set(traced["keys"]) < set(keys)


def test_what_waits_in_the_usage_queue_cannot_be_told_from_others(case: Disputed) -> None:
    """Where nothing else knows a billable request, the queue may hold it, or nothing does."""
    case.configure(configuration())
    case.log(case.line())
    (traced,) = case.trace("--extended-request-id", EXTENDED)
    assert traced["verdict"].startswith("not billed: billable, and neither in the ledger")
    case.sqs.send_message(QueueUrl=case.urls["usage"], MessageBody="anybody's")
    (traced,) = case.trace("--extended-request-id", EXTENDED)
    assert traced["verdict"].startswith("not billed yet: nothing else knows it, and UsageQueue")


def test_the_requests_of_a_customer_are_a_line_each(case: Disputed) -> None:
    """Those around a time, whether they were billed or not; nobody else's."""
    case.configure(configuration())
    lines = [case.line(), case.line(OTHER, status="429"), case.line("AyD6_x=", customerId="cus_b")]
    late = case.line("AyD6_late=", requestTimeEpoch=str(case.now_ms + 120_000))
    case.log(*lines, late)
    case.settle(case.meter(*lines))
    around = ["--customer", CUSTOMER, "--at", iso_from_epoch_ms(case.now_ms)]
    status, out, err = case.run(*around, "--format", "json")
    assert status == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert {(row["extendedRequestId"], row["metering"], row["ledger"]) for row in rows} == {
        (EXTENDED, "1 api_calls", "confirmed"),
        (OTHER, "excluded: throttled", None),
    }
    assert f"2 requests of {CUSTOMER} between" in err
    assert "1 confirmed, 0 billable and not in the ledger" in err
    status, out, _ = case.run(*around, "--within", "3m")
    assert (status, len(out.splitlines())) == (0, 4)
    assert "not there" in out


def test_what_is_in_no_log_says_what_was_searched(case: Disputed) -> None:
    """Status 1, and nothing on stdout."""
    case.configure(configuration())
    at = iso_from_epoch_ms(case.now_ms)
    status, out, err = case.run("--request-id", "nobody-s", "--at", at, "--within", "5m")
    assert (status, out) == (1, "")
    first, last = (iso_from_epoch_ms(case.now_ms + sign * 300_000) for sign in (-1, 1))
    groups = f"{case.access_group}, {case.execution_group}"
    assert err.splitlines()[-1] == (
        f"trace: not in the log between {first} and {last}: searched 2 log groups ({groups})"
    )


def test_a_key_that_nobody_knows_says_where_it_was_looked_for(case: Disputed) -> None:
    """With a time, in the lines around it as well."""
    case.configure(configuration())
    case.log(case.line())
    key = f"apigw1-{'0' * 40}"
    for words, said in (([], ""), (["--at", iso_from_epoch_ms(case.now_ms)], ", and no line")):
        status, out, err = case.run("--key", key, *words)
        assert (status, out) == (1, "")
        told = f"trace: {key} is not in the ledger (s3://{case.ledger_bucket}) nor in a message"
        assert told in err
        assert f"UsageDeadLetterQueue that shows{said}" in err


def test_a_place_that_cannot_be_asked_is_told_and_hides_no_other(case: Disputed) -> None:
    """A queue that is gone: status 1, and the bill is shown all the same."""
    case.configure(configuration())
    case.log(case.line())
    case.settle(case.meter(case.line()))
    case.sqs.delete_queue(QueueUrl=case.urls["usage_dead_letter"])
    (traced,) = case.trace("--extended-request-id", EXTENDED, status=1)
    assert traced["road"]["UsageDeadLetterQueue"]["notTold"]
    assert traced["verdict"].startswith("billed once")


def test_a_source_that_is_not_declared_is_refused(case: Disputed) -> None:
    """With those that are."""
    case.configure(configuration())
    status, _, err = case.run("--request-id", REQUEST, "--source", "other")
    assert status == 2
    assert err == "trace: --source other: the deployment's sources are orders, zero\n"
