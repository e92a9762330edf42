"""The execution rows of the thirty cases (gateway-logs.md 5), each with the outcome given there."""

import json
from typing import Any

import pytest

from functions.metering.billing.decide import Billing
from functions.metering.execution.requests import ExecutionRequest
from functions.metering.execution.source import ExecutionLogSource, bill_execution
from functions.usage.outcome import Excluded, Quarantined
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, access_line
from tests.fakes.execution_log_lines import (
    CUSTOMER,
    GROUP,
    REQUEST_ID,
    STREAM,
    authorizer_texts,
    configured,
    cut,
    delivery_of,
    events_of,
    prefixed,
    read,
    request_texts,
    result_body,
    vended,
    vended_columns,
    woven,
)
from tests.fakes.metering import readable

NOW_MS = REQUEST_TIME_MS + 20_000
VICTIM = "cus_victim"
CONSOLE = "Tue Aug 18 17:36:14 UTC 2020"
CONFIGURATION = configured({"v7y79n2re7": "cus_by_key"}, tenantId="tenant_1")


def outcome(found: ExecutionRequest) -> Billing:
    return bill_execution(found, CONFIGURATION, NOW_MS)


def outcomes(lines: list[Any], **place: Any) -> list[str]:
    """Per request: its customer, or its reason."""
    return [_name(outcome(found)) for found in read(lines, **place)]


def _name(billing: Billing) -> str:
    if isinstance(billing, Excluded | Quarantined):
        return billing.reason
    found = readable(billing)
    assert isinstance(found, tuple)
    (event,) = found
    return event["customerId"]


def by_header(headers: str, *, customer: str = CUSTOMER, **changes: Any) -> list[str]:
    """The outcome where only the declared header names the customer: the policy was cached."""
    texts = request_texts(
        authorizer=authorizer_texts(customer, result=""), headers=headers, **changes
    )
    return outcomes([cut(line) for line in prefixed(texts)], tenant_header="X-Tenant-Id")


def test_a_whole_request_is_one_event_with_the_facts_of_its_lines() -> None:
    """The customer that the authorizer verified, the time of the first line, the main call."""
    (found,) = read(prefixed(request_texts()))
    request = found.request
    assert found.complete
    assert (request.api_id, request.stage, request.method) == ("a1b2c3d4e5", "prod", "GET")
    assert (request.path, request.route, request.status) == ("/pets/7", "/pets/{id}", 200)
    assert (request.time_ms, request.customer_id) == (REQUEST_TIME_MS, CUSTOMER)
    assert _name(outcome(found)) == CUSTOMER


def test_the_key_is_that_of_the_access_log() -> None:
    """One request has one key, whichever log it was read from."""
    source = ExecutionLogSource(REGION)
    found = source.sort(delivery_of(events_of(prefixed(request_texts()))), CONFIGURATION, NOW_MS)
    (event,) = map(json.loads, found.event_texts)
    assert event["idempotencyKey"].startswith("apigw1-")
    assert event["metadata"]["extendedRequestId"] == "AyD6_FHMvHcECIA="
    assert found.billed == 1


@pytest.mark.parametrize("value", ["acme, inc", "a=b", "acme, inc, co"])
def test_case_1_a_header_value_with_commas_or_equals(value: str) -> None:
    """Where it ends cannot be known, so it names nobody."""
    assert by_header(f"{{X-Tenant-Id={value}, Accept=*/*}}") == ["tenant_ambiguous"]


def test_case_1_an_api_key_still_names_the_customer() -> None:
    """What is stronger than the header is not spoilt by it."""
    found = by_header("{X-Tenant-Id=a=b, Accept=*/*}", key_id="v7y79n2re7")
    assert found == ["cus_by_key"]


@pytest.mark.parametrize(
    "headers",
    [
        f"{{Accept=*/*, User-Agent=x, X-Tenant-Id={VICTIM}, Host=a}}",
        f"{{Accept=*/*, User-Agent=x, X-Tenant-Id={VICTIM}}}",
        f"{{User-Agent=x, X-Tenant-Id={VICTIM}, Host=a, X-Tenant-Id={CUSTOMER}}}",
        f"{{User-Agent={{X-Tenant-Id={VICTIM}, Host=a}}",
    ],
)
def test_case_2_a_forged_pair_never_bills_the_victim(headers: str) -> None:
    """Even where the client sent no header of its own and the pair reads as a true one."""
    assert by_header(headers)[0].startswith("tenant_")


@pytest.mark.parametrize(
    "headers",
    [
        f"{{X-Tenant-Id={CUSTOMER}, X-Tenant-Id={CUSTOMER}, Host=a}}",
        f"{{X-Tenant-Id={CUSTOMER}, x-tenant-id={CUSTOMER}, Host=a}}",
        f"{{X-Tenant-Id={CUSTOMER},{CUSTOMER}, Host=a}}",
    ],
)
def test_case_3_a_header_twice(headers: str) -> None:
    """Two spellings are two, and so are two values joined by a comma."""
    assert by_header(headers) == ["tenant_duplicate"]


@pytest.mark.parametrize(
    "before", [2000, 978, 972, 968], ids=["without it", "within it", "at its end", "in the next"]
)
def test_case_4_headers_cut_before_the_tenant_is_over(before: int) -> None:
    """No default: what the cut took could say anything."""
    headers = f"{{A={'a' * before}, X-Tenant-Id={CUSTOMER}, Host=a}}"
    assert by_header(headers) == ["tenant_truncated"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("caf\u00e9", "tenant_malformed"),
        ("cus%5f7", "tenant_malformed"),
        ("cus 7", "tenant_malformed"),
        (" cus7", "tenant_malformed"),
        ("", "tenant_malformed"),
        ("-", "tenant_malformed"),
        ("null", "tenant_malformed"),
        ("c" * 129, "tenant_malformed"),
        ("c" * 10_000, "tenant_truncated"),
        (CUSTOMER, CUSTOMER),
    ],
)
def test_case_5_only_a_clean_value_names_a_customer(value: str, reason: str) -> None:
    """As it stands, nothing trimmed or decoded."""
    assert by_header(f"{{X-Tenant-Id={value}, Host=a}}") == [reason]


def test_case_6_masked_values_name_nobody() -> None:
    """Stars in the header, in the key id and in the authorizer's result."""
    assert by_header("{X-Tenant-Id=****bMZHBg, Host=a}") == ["masked"]
    unnamed = authorizer_texts(result="")
    assert outcomes(prefixed(request_texts(authorizer=unnamed, key_id="****n2re7"))) == ["masked"]
    starred = authorizer_texts(result=result_body("****m2xYz"))
    assert outcomes(prefixed(request_texts(authorizer=starred))) == ["masked"]


def test_case_7_without_its_end_a_request_is_incomplete() -> None:
    """Kept with the place where its lines can be read again."""
    lines = prefixed(request_texts())[:-2]
    source = ExecutionLogSource(REGION)
    found = source.sort(delivery_of(events_of(lines)), CONFIGURATION, NOW_MS)
    ((why, log_events),) = found.quarantined
    assert why.reason == "incomplete"
    assert json.loads(why.detail) == {
        "logGroup": GROUP,
        "logStream": STREAM,
        "requestId": REQUEST_ID,
        "extendedRequestId": "AyD6_FHMvHcECIA=",
        "firstTimestamp": REQUEST_TIME_MS,
    }
    assert len(log_events) == len(lines)


@pytest.mark.parametrize("at", range(1, len(request_texts())))
def test_case_7_neither_half_of_a_split_request_is_billed(at: int) -> None:
    """The first is incomplete; the second too, or without identity, or only a tail."""
    lines = prefixed(request_texts())
    is_whole = at == len(lines) - 1
    assert outcomes(lines[:at]) == ([CUSTOMER] if is_whole else ["incomplete"])
    (second,) = outcomes(lines[at:])
    assert second in (
        {"tail"} if is_whole else {"incomplete", "no_customer", "no_request_identity"}
    )


def test_case_8_a_tail_alone_is_excluded() -> None:
    """Its request was billed with its status."""
    lines = prefixed(["AWS Integration Endpoint RequestId : 7195", "X-ray Tracing ID : Root=1-69"])
    assert outcomes(lines) == ["tail"]


def test_case_9_header_lines_after_the_status_are_joined() -> None:
    """One event, whether or not the log events say their order."""
    texts = request_texts(authorizer=authorizer_texts(result=""))
    texts = [text for text in texts if "headers" not in text]
    lines = prefixed([*texts, f"Method request headers: {{X-Tenant-Id={CUSTOMER}, Host=a}}"])
    assert outcomes(lines, tenant_header="X-Tenant-Id") == [CUSTOMER]


def test_case_10_unauthorized_ends_a_request_without_a_status() -> None:
    """Excluded at once; nothing waits for a status."""
    lines = prefixed(
        [
            "Extended Request Id: A=",
            f"Starting authorizer: a for request: {REQUEST_ID}",
            f"Unauthorized request: {REQUEST_ID}",
        ]
    )
    (found,) = read(lines)
    assert (found.complete, found.request.status) == (True, None)
    assert outcome(found) == Excluded("unauthorized")


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("DEFAULT_5XX", 500, CUSTOMER),
        ("INTEGRATION_FAILURE", 504, CUSTOMER),
        ("ACCESS_DENIED", 429, "denied"),
        ("ACCESS_DENIED", 403, "forbidden"),
        ("THROTTLED", 503, "throttled"),
        ("WAF_FILTERED", 403, "forbidden"),
        ("WAF_FILTERED", 405, "forbidden"),
        ("AUTHORIZER_FAILURE", 500, "authorizer_failed"),
        ("UNAUTHORIZED", 401, "unauthorized"),
    ],
)
def test_case_11_a_gateway_response_is_an_end(kind: str, status: int, expected: str) -> None:
    """The status stands in it, and its type says what the gateway refused."""
    end = [f"Gateway response type: {kind} with status code: {status}"]
    (found,) = read(prefixed(request_texts(end=end)))
    assert (found.request.status, found.request.error_type) == (status, kind)
    assert _name(outcome(found)) == expected


def test_case_12_a_throttled_request_has_four_lines_and_no_path() -> None:
    """Excluded; the method is known, the path is not."""
    verifying = f"Verifying Usage Plan for request: {REQUEST_ID}. API Key:  API Stage: a1b2c3d4e5/P"
    limit = (
        "Key throttle limit exceeded for RestApi a1b2c3d4e5, Stage prod, Resource k0w8mc,"
        " HttpMethod POST. Limit: 1.00 Burst: 1"
    )
    lines = prefixed(
        ["Extended Request Id: A=", verifying, limit, "Method completed with status: 429"]
    )
    (found,) = read(lines)
    assert (found.request.method, found.request.path) == ("POST", None)
    assert (found.request.status, found.complete) == (429, True)
    assert outcome(found) == Excluded("throttled")


def test_case_13_interleaved_requests_do_not_mix() -> None:
    """Each has its own customer, status and path."""
    first = prefixed(request_texts(extended_id="A=", path="/a"))
    other = authorizer_texts("cus_other")
    second = prefixed(request_texts(extended_id="B=", path="/b", authorizer=other), "11111111-2222")
    found = read(list(woven(first, second)))
    facts = [(each.request.extended_request_id, each.request.path) for each in found]
    assert facts == [("A=", "/a"), ("B=", "/b")]
    assert [_name(outcome(each)) for each in found] == [CUSTOMER, "cus_other"]


def test_case_14_a_reused_request_id_is_two_requests() -> None:
    """One after the other they are told apart by their Extended Request Ids."""
    first = prefixed(request_texts(extended_id="A="))
    second = prefixed(request_texts(extended_id="B=", authorizer=authorizer_texts("cus_other")))
    assert outcomes(first + second) == [CUSTOMER, "cus_other"]


def test_case_14_overlapping_and_alike_they_are_two_events() -> None:
    """Whose line is whose does not matter where they say the same."""
    first = prefixed(request_texts(extended_id="A="))
    second = prefixed(request_texts(extended_id="B="))
    found = read(list(woven(first, second)))
    assert [each.request.extended_request_id for each in found] == ["A=", "B="]
    assert [_name(outcome(each)) for each in found] == [CUSTOMER, CUSTOMER]


@pytest.mark.parametrize(
    "second",
    [
        request_texts(extended_id="B=", authorizer=authorizer_texts(VICTIM)),
        request_texts(extended_id="B=", authorizer=[]),
        request_texts(extended_id="B=", status=403),
        ["Extended Request Id: B=", f"Unauthorized request: {REQUEST_ID}"],
        ["Extended Request Id: B=", "Starting execution for request: x"],
    ],
)
def test_case_14_overlapping_and_different_they_bill_nobody(second: list[str]) -> None:
    """A caller who uses another's id cannot put a line into the other's request."""
    found = outcomes(list(woven(prefixed(request_texts()), prefixed(second))))
    assert set(found) == {"request_id_reused"}


def test_case_15_a_delivery_twice_gives_the_same_keys() -> None:
    """Within one delivery each log event counts once; between two the sink knows the key."""
    log_events = events_of(prefixed(request_texts()))
    source = ExecutionLogSource(REGION)
    once = source.sort(delivery_of(log_events), CONFIGURATION, NOW_MS)
    twice = source.sort(delivery_of(log_events * 2), CONFIGURATION, NOW_MS)
    assert once.event_texts == twice.event_texts
    assert len(once.event_texts) == 1


def test_case_16_the_other_source_is_excluded() -> None:
    """An access log that is subscribed as well would bill each request a second time."""
    assert outcomes([access_line()]) == ["other_source"]


@pytest.mark.parametrize("label", ["Method request body before", "Endpoint response body before"])
def test_case_17_a_body_cannot_speak_for_the_gateway(label: str) -> None:
    """Whatever stands after the first character of a log event is its sender's."""
    forged = f"({REQUEST_ID}) Authorizer result body before parsing: {result_body(VICTIM)}"
    body = f"x\n({REQUEST_ID}) Method completed with status: 403\n{forged}"
    texts = request_texts(authorizer=[])
    texts.insert(9, f"{label} transformations: {body}")
    assert outcomes(prefixed(texts)) == ["no_customer"]
    assert outcomes(prefixed(request_texts()[:-2]) + prefixed(texts[9:10])) == ["incomplete"]


def test_case_18_the_authorizer_call_is_not_the_main_call() -> None:
    """Its labels are the same, its figures are not the backend's."""
    (found,) = read(prefixed(request_texts()))
    assert found.request.integration_latency_ms == 35
    assert found.request.integration_status == 200


@pytest.mark.parametrize("status", [404, 502, 401])
def test_case_19_every_answer_of_the_backend_was_served(status: int) -> None:
    """The line `Received response` says that it is one, its own 401 too."""
    (found,) = read(prefixed(request_texts(status=status)))
    assert found.request.status == status
    assert _name(outcome(found)) == CUSTOMER


@pytest.mark.parametrize(("status", "expected"), [(404, CUSTOMER), (401, "unauthorized")])
def test_case_19_the_status_decides_not_the_word_successfully(status: int, expected: str) -> None:
    """The line before it says so whoever answered; without the integration's nobody asked it."""
    texts = request_texts(status=status)
    unasked = [text for text in texts if not text.startswith("Received response")]
    assert outcomes(prefixed(unasked)) == [expected]


@pytest.mark.parametrize(
    "status", ["0", "099", "600", "200.0", "", "-", "2000", "\u0662\u0660\u0660"]
)
def test_case_22_a_status_is_an_integer_from_100_to_599(status: str) -> None:
    """Anything else is not believed."""
    assert outcomes(prefixed(request_texts(status=status))) == ["bad_status"]


@pytest.mark.parametrize("status", [100, 101, 499, 599])
def test_case_22_unusual_statuses_are_taken_as_given(status: int) -> None:
    """A proxy integration may answer any of them."""
    assert outcomes(prefixed(request_texts(status=status))) == [CUSTOMER]


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        (NOW_MS + 7_200_001, "clock"),
        (None, "no_time"),
        ("1784512215218", "no_time"),
        (True, "no_time"),
        (-1, "no_time"),
        (10**400, "no_time"),
        (REQUEST_TIME_MS - 15 * 86_400_000, CUSTOMER),
    ],
)
def test_case_24_a_time_that_cannot_be(timestamp: Any, reason: str) -> None:
    """The future is not believed; the past is billed and counted as late."""
    log_events = [
        {**entry, "timestamp": timestamp} for entry in events_of(prefixed(request_texts()))
    ]
    found = ExecutionLogSource(REGION).sort(delivery_of(log_events), CONFIGURATION, NOW_MS)
    if reason == CUSTOMER:
        assert (found.billed, found.late) == (1, 1)
    else:
        assert [why.reason for why, _ in found.quarantined] == [reason]


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}, {"message": None}, {"message": 7}])
def test_case_25_an_event_without_a_message_is_quarantined_alone(entry: Any) -> None:
    """The request beside it goes on; unknown members are ignored."""
    log_events: list[Any] = [
        {**each, "extra": {"a": 1}} for each in events_of(prefixed(request_texts()))
    ]
    found = ExecutionLogSource(REGION).sort(
        delivery_of([*log_events[:5], entry, *log_events[5:]]), CONFIGURATION, NOW_MS
    )
    assert [why.reason for why, _ in found.quarantined] == ["no_message"]
    assert found.billed == 1


@pytest.mark.parametrize("stain", ["\x00", "\ud800", "\u2028", "\ufeff"])
def test_case_28_billed_fields_must_be_clean(stain: str) -> None:
    """A customer with such a character is nobody; a body with one changes nothing."""
    stained = authorizer_texts(result=result_body(f"cus_{stain}7"))
    assert outcomes(prefixed(request_texts(authorizer=stained))) == ["customer_malformed"]
    texts = request_texts()
    texts.insert(12, f"Method request body before transformations: {stain}")
    assert outcomes(prefixed(texts)) == [CUSTOMER]


def test_case_29_vended_json_is_unwrapped() -> None:
    """A group's own name says nothing there: API and stage stand beside the line."""
    texts = request_texts()
    texts.insert(12, f"Method request body before transformations: {'a' * 1_000_000}")
    (found,) = read([vended(line) for line in prefixed(texts)], log_group="/my/own/group")
    assert (found.request.api_id, found.request.stage) == ("zz11", "live")
    assert _name(outcome(found)) == CUSTOMER


def test_case_29_the_same_request_id_on_two_apis_is_two_requests() -> None:
    """A group of one's own may hold several APIs."""
    first = [vended(line) for line in prefixed(request_texts(extended_id="A="))]
    second = [vended(line, api_id="yy22") for line in prefixed(request_texts(extended_id="B="))]
    found = read(list(woven(first, second)), log_group="/my/own/group")
    assert [each.request.api_id for each in found] == ["zz11", "yy22"]


@pytest.mark.parametrize("blank", ["\t", " "])
def test_case_29_vended_plain_columns(blank: str) -> None:
    """The fields in their order; a line that can be read in two ways is quarantined alone."""
    lines = [vended_columns(line, blank) for line in prefixed(request_texts())]
    assert outcomes(lines, log_group="/my/own/group") == [CUSTOMER]
    forged = f"/x{blank}GET{blank}(victims-id) Method completed with status: 200"
    line = f"({REQUEST_ID}) Method request path: {{}}"
    lines.append(vended_columns(line, blank, resource_path=forged))
    assert outcomes(lines, log_group="/my/own/group") == ["unknown_wrapper", CUSTOMER]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"payload": 7}', "unknown_wrapper"),
        ('{"something": "else"}', "unknown_wrapper"),
        ('{"payload": "(a) b", "payload": "(c) d"}', "tamper"),
        ("{not json", "invalid_json"),
        ("arn:aws:apigateway:eu-west-1::/restapis/a/stages/b 1 a", "unknown_wrapper"),
        (vended("no prefix, no wording"), "unknown_format"),
    ],
)
def test_case_29_an_unknown_wrapper_is_quarantined(line: str, reason: str) -> None:
    """Raw, to be read when its form is known."""
    assert outcomes([line]) == [reason]


@pytest.mark.parametrize(
    ("lines", "group", "reason"),
    [
        (["END RequestId: 1f08c356"], "/aws/lambda/a", "wrong_group"),
        (
            ["Tue Aug 18 17:36:14 UTC 2020 : Method completed with status: 200"],
            GROUP,
            "test_invoke",
        ),
        (["Method completed with status: 200"], GROUP, "no_prefix"),
        (prefixed(request_texts(path="/health")), GROUP, CUSTOMER),
        (
            [line for line in prefixed(request_texts(path="/health")) if "'GET" not in line],
            GROUP,
            "excluded_path",
        ),
        (
            [
                line.replace("Method: GET", "Method: OPTIONS")
                for line in prefixed(request_texts(authorizer=[]))
            ],
            GROUP,
            "preflight",
        ),
        (["START RequestId: 7"], GROUP, "unknown_format"),
    ],
)
def test_case_30_what_is_no_usage_is_excluded(lines: list[str], group: str, reason: str) -> None:
    """With a reason each. A route that is known decides before a path does."""
    assert set(outcomes(lines, log_group=group)) == {reason}


def test_a_result_cut_after_the_customer_is_read_and_before_it_is_not() -> None:
    """CustomerId is put first for that (architecture.md 1); an API key does not stand in for it."""
    long = authorizer_texts(result=result_body(offeringIds="o" * 2000))
    lines = [cut(line) for line in prefixed(request_texts(authorizer=long))]
    assert outcomes(lines) == [CUSTOMER]
    late = authorizer_texts(result='{"policyDocument":"' + "p" * 2000 + '",' + result_body()[1:])
    texts = request_texts(authorizer=late, key_id="v7y79n2re7")
    assert outcomes([cut(line) for line in prefixed(texts)]) == ["customer_truncated"]
    end = ["Gateway response type: INVALID_API_KEY with status code: 403"]
    refused = request_texts(authorizer=late, end=end)
    assert outcomes([cut(line) for line in prefixed(refused)]) == ["forbidden"]


def test_a_result_that_says_a_name_twice_bills_nobody() -> None:
    """Readers of JSON let the last one win; we let none."""
    twice = result_body()[:-2] + f',"customerId":"{VICTIM}"}}}}'
    texts = request_texts(authorizer=authorizer_texts(result=twice), key_id="v7y79n2re7")
    assert outcomes(prefixed(texts)) == ["tamper"]
    longer = twice[:-2] + ',"z":"' + "z" * 2000
    texts = request_texts(authorizer=authorizer_texts(result=longer))
    assert outcomes([cut(line) for line in prefixed(texts)]) == ["tamper"]


def test_another_tenants_customer_is_refused() -> None:
    """As in the access log."""
    other = authorizer_texts(result=result_body().replace("tenant_1", "tenant_2"))
    assert outcomes(prefixed(request_texts(authorizer=other))) == ["other_tenant"]


def test_an_api_key_names_the_customer_through_the_map() -> None:
    """And one that the map does not know names nobody."""
    texts = request_texts(authorizer=[], key_id="v7y79n2re7")
    assert outcomes(prefixed(texts)) == ["cus_by_key"]
    assert outcomes(prefixed(request_texts(authorizer=[], key_id="unknown"))) == ["no_customer"]


def test_without_an_authorizer_a_header_names_nobody() -> None:
    """Nobody checked it."""
    texts = request_texts(authorizer=[], headers=f"{{X-Tenant-Id={CUSTOMER}, Host=a}}")
    assert outcomes(prefixed(texts), tenant_header="X-Tenant-Id") == ["tenant_unverified"]
    assert outcomes(prefixed(texts)) == ["no_customer"]


def test_a_header_names_the_customer_where_the_map_does_not_know_the_key() -> None:
    """The declared header is the last of the three."""
    assert by_header(f"{{X-Tenant-Id={CUSTOMER}, Host=a}}", key_id="unknown") == [CUSTOMER]


def test_level_error_bills_nobody() -> None:
    """A failure and a status are all it writes: no identity and no customer."""
    texts = ["Execution failed due to a timeout error", "Method completed with status: 504"]
    (found,) = read(prefixed(texts))
    assert found.complete
    billing = outcome(found)
    assert isinstance(billing, Quarantined)
    assert billing.reason == "no_request_identity"
    assert "Extended Request Id" in billing.detail
    assert "$context" not in billing.detail  # an execution log has no format to add it to
    assert "no customerId" in billing.detail


def test_without_data_trace_an_api_key_is_enough() -> None:
    """Seven lines and the key's id: no header, no body, no result."""
    texts = [
        text
        for text in request_texts(authorizer=authorizer_texts(result=""), key_id="v7y79n2re7")
        if not text.startswith(("Method re", "Endpoint ", "Received"))
    ]
    assert outcomes(prefixed(texts)) == ["cus_by_key"]


def test_an_old_log_without_extended_ids_has_no_identity() -> None:
    """Before 2018 nothing but the caller's own id told requests apart."""
    assert outcomes(prefixed(request_texts()[1:])) == ["no_request_identity"]


def test_unknown_wordings_change_nothing() -> None:
    """AWS adds lines; WAF, cache and Cognito have some that nobody published."""
    texts = request_texts()
    texts[12:12] = ["Cache hit for key: x", "", "()", "Method", "Lambda", "Gateway", "API Key"]
    assert outcomes(prefixed(texts)) == [CUSTOMER]
