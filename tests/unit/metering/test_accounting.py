"""What metering tells an audit is what it does with a delivery of the same lines, and no more."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.accounted import MOST_ROWS
from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.configuration.version import Configuration
from functions.usage.heartbeat import HEARTBEAT_STREAM
from tests.fakes.access_log_lines import (
    LOG_GROUP,
    distinct_line,
    log_events,
    packed_payload,
    subscription_payload,
)
from tests.fakes.execution_log_lines import (
    CUSTOMER,
    GROUP,
    authorizer_texts,
    configured,
    events_of,
    prefixed,
    request_texts,
)
from tests.fakes.told import ALWAYS, OWN_LOG_GROUP, AskedMetering, Told, counts_of
from tests.unit.metering.execution.test_execution_properties import LINES as EXECUTION_LINES

CORPUS = Path(__file__).parents[2] / "corpus"
DECLARED = ConfigurationReader(
    read_deployed(f"a=access:{LOG_GROUP},e=execution:{GROUP},c=execution:corpus")
).default
BOTH = AskedMetering(DECLARED, "X-Tenant-Id")
# Lambda's own, for an answer that somebody waits for.
LAMBDA_ANSWER_BYTES = 6 * 1024 * 1024

NO_EVENTS: list[Any] = [None, 7, "x", [], {}, {"message": None}, {"timestamp": "7", "message": "x"}]
ACCESS_LINES = (
    st.builds(
        distinct_line,
        st.integers(0, 40),
        status=st.sampled_from(["200", "401", "403", "404", "429", "500", "-", "x"]),
        customerId=st.sampled_from(["cus_a", "cus_b", "-", "none", "cus_*******"]),
        resourcePath=st.sampled_from(["/pets", "/health"]),
        httpMethod=st.sampled_from(["GET", "OPTIONS"]),
    )
    | st.text(max_size=20)
    | st.sampled_from([*prefixed(request_texts()), "START RequestId: 7", "{}"])
)


def agree(metering: AskedMetering, lines: list[Any], **envelope: object) -> Told:
    """Keys in their order, counts by reason, and lines, as a delivery has them."""
    taken, told = metering.take(lines, **envelope), metering.told(lines, **envelope)
    assert told.event_keys() == metering.sent_keys()
    assert told.counts() == counts_of(taken)
    kept = [entry.log_events for entry in taken.found.quarantined] if taken.found else []
    for (_, places), entries in zip(told.quarantined, kept, strict=True):
        # Of requests that overlap the lines are kept once, and told of each.
        assert not entries or [lines[at] for at in places] == list(entries)
    return told


@given(st.lists(ACCESS_LINES | st.sampled_from(NO_EVENTS), max_size=25), st.booleans())
def test_an_access_log_is_told_as_it_is_metered(lines: list[Any], declared: bool) -> None:  # noqa: FBT001
    """The same keys, the same counts by reason; each line is told once."""
    events = [one if one in NO_EVENTS else log_events([one])[0] for one in lines]
    group = LOG_GROUP if declared else "undeclared"
    told = agree(BOTH, events, logGroup=group)
    excluded = sum(sum(of.values()) for of in told.excluded.values())
    places = told.places()
    assert len(places) + excluded == len(lines)
    assert len(set(places)) == len(places)


@given(st.lists(EXECUTION_LINES, max_size=25), st.sampled_from([GROUP, "/aws/lambda/a", "x"]))
def test_an_execution_log_is_told_as_it_is_metered(lines: list[str], group: str) -> None:
    """Whatever its lines hold."""
    agree(BOTH, events_of(lines), logGroup=group)


@given(
    st.lists(
        st.builds(
            request_texts,
            extended_id=st.sampled_from(["A=", "B=", "C=", "D="]),
            authorizer=st.sampled_from([[], authorizer_texts(), authorizer_texts("cus_other99")]),
            status=st.sampled_from([200, 404, 500, "x"]),
        ),
        max_size=4,
    ),
    st.data(),
)
def test_requests_that_share_an_id_are_told_as_they_are_metered(
    requests: list[list[str]], data: st.DataObject
) -> None:
    """Also where they overlap, or are cut: those that cannot be told apart have the same lines."""
    lines = [line for texts in requests for line in prefixed(texts)]
    order = data.draw(st.permutations(range(len(lines)))) if data.draw(st.booleans()) else None
    shown = [lines[at] for at in order] if order else lines
    cut = data.draw(st.integers(0, len(shown)))
    agree(BOTH, events_of(shown[:cut]), logGroup=GROUP)


@pytest.mark.parametrize("group", [None, "corpus"])
def test_the_corpus_of_execution_logs_is_told_as_it_is_metered(group: str | None) -> None:
    """Real logs, declared and not."""
    for text in (CORPUS / "execution-log-samples.jsonl").read_text().splitlines():
        sample = json.loads(text)
        places = sample.get("events") or [{} for _ in sample["lines"]]
        events = [
            {**place, "message": line} for place, line in zip(places, sample["lines"], strict=True)
        ]
        agree(BOTH, events, logGroup=group or sample.get("log_group") or "")


@pytest.mark.parametrize("group", [LOG_GROUP, "undeclared"])
def test_the_corpus_of_access_logs_is_told_as_it_is_metered(group: str) -> None:
    """Real lines in other formats."""
    for text in (CORPUS / "access-log-lines.jsonl").read_text().splitlines():
        agree(BOTH, log_events(json.loads(text)["lines"]), logGroup=group)


def test_the_answer_says_who_what_and_which_lines() -> None:
    """As the audit reads it: customer, places, rows; excluded by who would have paid."""
    lines = [
        distinct_line(1),
        distinct_line(2, status="429"),
        distinct_line(3, status="429", customerId="-", principalId="-"),
        distinct_line(4, customerId="-"),
        distinct_line(5, httpMethod="OPTIONS", customerId="-"),
    ]
    told = BOTH.told(log_events(lines))
    ((customer, places, ((key, meter, quantity, at),)),) = told.billed
    assert (customer, places, meter, quantity) == ("cus_7Qm2", [0], "api_calls", 1)
    assert (key[:7], at) == ("apigw1-", "2026-07-20T01:50:15.218Z")
    assert told.excluded == {"throttled": {"cus_7Qm2": 1, "": 1}, "preflight": {"": 1}}
    assert told.quarantined == [("no_customer", [3])]
    assert (told.quarantined_whole, told.unended) == ("", [])


def test_an_excluded_request_of_an_execution_log_has_its_customer() -> None:
    """Whom the authorizer verified, before API Gateway refused it."""
    refusal = ["Gateway response type: THROTTLED with status code: 429"]
    told = BOTH.told(events_of(prefixed(request_texts(end=refusal))), logGroup=GROUP)
    assert told.excluded == {"throttled": {CUSTOMER: 1}}


def test_requests_that_overlap_have_the_lines_of_all() -> None:
    """They cannot be told apart; without lines nobody could look for them in the quarantine."""
    one = prefixed(request_texts(extended_id="A=", status=200))
    other = prefixed(request_texts(extended_id="B=", status=404))
    lines = events_of([*one[:9], *other[:9], *one[9:], *other[9:]])
    told = BOTH.told(lines, logGroup=GROUP)
    everything = list(range(len(lines)))
    assert told.quarantined == [("request_id_reused", everything)] * 2


@pytest.mark.parametrize(
    "envelope",
    [
        {"logGroup": OWN_LOG_GROUP},
        {"logStream": HEARTBEAT_STREAM},
        {"messageType": "CONTROL_MESSAGE"},
        {"logEvents": []},
    ],
)
def test_what_is_nobodys_usage_accounts_for_nothing(envelope: dict[str, Any]) -> None:
    """Metering's own log, heartbeats, and probes of the subscription."""
    payload = subscription_payload([distinct_line(1)], **envelope)
    answer = BOTH.accounting.answer({**payload, "audit": ALWAYS}, OWN_LOG_GROUP)
    assert answer == {"account": ""}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"awslogs": {"data": "?"}}, "bad_base64"),
        ({}, "not_a_delivery"),
        (packed_payload(b"{"), "bad_json"),
    ],
)
def test_a_payload_that_cannot_be_read_is_told_as_a_whole(
    payload: dict[str, Any], reason: str
) -> None:
    """Under the reason by which a delivery of it would be kept."""
    told = Told.of(BOTH.accounting.answer({**payload, "audit": ALWAYS}, OWN_LOG_GROUP))
    assert told == Told([], {}, [], reason, [])


@pytest.mark.parametrize(
    "more",
    [
        {"audit": None},
        {"audit": {}},
        {"audit": "all"},
        {"audit": {"fromMs": 1}},
        {"audit": {"fromMs": 5, "toMs": 5}},
        {"audit": {"fromMs": -1, "toMs": 5}},
        {"audit": {"fromMs": "1", "toMs": 5}},
        {"audit": {"fromMs": True, "toMs": 5}},
        {"audit": {"fromMs": 1, "toMs": 5, "dryRun": True}},
        {"audit": {"fromMs": 1, "toMs": 5, "beyondMs": -1}},
        {"audit": ALWAYS, "replay": {"id": "x", "dryRun": True, "fromLog": True}},
        {"audit": ALWAYS, "replay": None},
        {"audit": ALWAYS, "replay": False},
    ],
)
def test_who_does_not_ask_properly_is_refused(more: dict[str, Any]) -> None:
    """Nor is anything said to who asks two questions at once."""
    payload = subscription_payload([distinct_line(1)])
    with pytest.raises(ValueError, match=r"audit|AuditQuestion"):
        BOTH.accounting.answer({**payload, **more}, OWN_LOG_GROUP)


def of_meters(count: int) -> Configuration:
    """So many meters of calls."""
    meters = [{"id": f"meter_{number}", "metricName": f"M{number}"} for number in range(count)]
    return configured({}, meters=meters)


def test_the_answer_to_a_whole_chunk_under_six_meters_fits() -> None:
    """5,000 lines are the most that an audit asks about at a time."""
    lines = log_events([distinct_line(n, customerId=f"cus_{n}") for n in range(5000)])
    answer = AskedMetering(of_meters(6)).ask(lines)
    assert len(Told.of(answer).event_keys()) == 30_000
    assert len(json.dumps(answer)) < LAMBDA_ANSWER_BYTES / 3


LISTED = AskedMetering(
    configured({}, meters=[{"id": "tools", "metricName": "Tools", "forEach": "tools"}])
)


@pytest.mark.parametrize("lines", [200, MOST_ROWS // 1000 + 1])
def test_a_larger_answer_is_no_crash(lines: int) -> None:
    """Lines of a thousand elements each: it says what to do, and cannot be taken for an account."""
    tools = ",".join(map(str, range(1000)))
    events = log_events([f'{distinct_line(n)[:-1]},"tools":"{tools}"}}' for n in range(lines)])
    answer = LISTED.ask(events)
    assert answer.keys() == {"tooLarge"}
    assert "ask with fewer lines" in str(answer["tooLarge"])
    assert len(LISTED.told(events[:20]).event_keys()) == 20_000
