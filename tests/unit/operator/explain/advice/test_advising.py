"""What explain advises works: put in, it bills; and it holds nothing of what a caller wrote."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.document_reading import (
    ConfigurationError,
    default_configuration,
    read_configuration,
)
from functions.metering.configuration.version import Configuration
from functions.metering.field_names import COMMON_NAMES, leaves
from functions.metering.log_delivery import LogDelivery
from functions.operator.explain.advice.advised_declaration import API_ID, CUSTOMER, LOG_GROUP, STAGE
from functions.operator.explain.advice.advising import CURED_BY_DECLARING, Advice, advice_on
from functions.operator.explain.advice.context_variables import FORMAT_V1
from functions.operator.explain.advice.format_table import FORMATS, FormatTable
from functions.operator.explain.explained_log import explained_log
from functions.operator.explain.explanation import ExplainTerms
from functions.operator.explain.inputs import read_input
from tests.fakes.access_log_lines import FIELDS, REGION, access_line
from tests.template.stack import template
from tests.unit.operator.explain.test_field_formats import ROWS

MOMENT_MS = 1_795_857_342_118
GROUP = "/g"
SECRET = "sk_live_abcdefgh"
# What API Gateway would print for the variables of a request.
PRINTED = {
    "$context.extendedRequestId": "KfT3xGqPDoEF2lA=",
    "$context.requestId": "3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11",
    "$context.accountId": "111122223333",
    "$context.apiId": "q7w8e9r0t1",
    "$context.stage": "prod",
    "$context.requestTimeEpoch": str(MOMENT_MS),
    "$context.requestTime": "28/Nov/2026:09:15:42 +0000",
    "$context.status": "200",
    "$context.resourcePath": "/orders/{orderId}",
    "$context.httpMethod": "GET",
    "$context.identity.user": "AIDAEXAMPLE",
    "$context.identity.caller": "AIDAEXAMPLE",
    "$context.identity.apiKeyId": "k1l2m3n4o5",
    "$context.identity.clientCert.subjectDN": "CN=acme-client,O=Acme,C=GB",
    "$context.authorizer.customerId": "cus_acme",
    "$context.authorizer.tenantId": "cus_acme",
    "$context.authorizer.principalId": "user-77",
    "$context.authorizer.claims.sub": "user-77",
}
PAYERS = {"AIDAEXAMPLE", "k1l2m3n4o5", "user-77", "CN=acme-client,O=Acme,C=GB"}


def advised(lines: list[str], configuration: Configuration) -> list[Advice]:
    """On each format of the lines."""
    table = FormatTable(configuration)
    terms = ExplainTerms(configuration, None, REGION, MOMENT_MS)
    for one in explained_log(
        read_input([line.encode() + b"\n" for line in lines], "auto"), "auto", terms
    ):
        table.add(one)
    return [advice for found in table if (advice := advice_on(found, configuration))]


def with_advice(advice: Advice, present: dict[str, Any], line: str) -> Configuration:
    """The configuration with the declaration in it, as a person pastes it and fills it in."""
    said = json.loads(advice.declaration or "{}")
    for hint in said.get("customers", {}):
        assert re.fullmatch(r"<each [\w. ]+>", hint)
    text = json.dumps(said.get("accessLogs", {}))
    for stands_for, value in ((LOG_GROUP, GROUP), (API_ID, "q7w8e9r0t1"), (STAGE, "prod")):
        text = text.replace(stands_for, value)
    version = {**present, "accessLogs": present.get("accessLogs", {}) | json.loads(text)}
    if "customers" in said:
        texts = {value for _, value in leaves(json.loads(line)) if isinstance(value, str)}
        names = {text for text in texts if text.isprintable() and text.strip() == text != ""}
        version["customers"] = dict.fromkeys(PAYERS | names, "cus_acme")
    return read_configuration(json.dumps({"versions": [version]}).encode())


def customers(line: str, configuration: Configuration) -> list[str]:
    """Who is billed for a line of the log group."""
    events = [{"message": line, "timestamp": MOMENT_MS}]
    delivery = LogDelivery("111122223333", GROUP, "stream", events)
    found = AccessLogSource(REGION).sort(delivery, configuration, MOMENT_MS)
    return [json.loads(text)["customerId"] for text in found.event_texts]


def printed(members: dict[str, Any], was: dict[str, Any]) -> dict[str, Any]:
    """The line that a format makes; what it says to keep is as it was."""
    return {
        name: printed(value, was[name])
        if isinstance(value, dict)
        else was[name]
        if value.startswith("<")
        else PRINTED.get(value, "-" if value.startswith("$") else value)
        for name, value in members.items()
    }


PLAIN = {"effectiveFrom": "2020-01-01T00:00:00.000Z"} | {
    "meters": [{"id": "api_calls", "metricName": "API Calls"}]
}


def cases() -> Iterator[Any]:
    """Each format of the corpus, with the configuration that it has there and with none."""
    for row in ROWS:
        line = row["lines"][0]
        if row["expect"].get("reason") == ["tamper"] or "HTTP API" in row["name"]:
            continue
        try:
            members = json.loads(line)
        except ValueError:
            continue
        if not isinstance(members, dict):
            continue
        if "message" in members:
            line = members["message"]
        is_refused = "declared as" in row["name"]
        present = (row["config"] or {"versions": [PLAIN]})["versions"][0]
        for version in (PLAIN,) if is_refused else (PLAIN, present):
            yield pytest.param(
                line, version, id=f"{row['name']}, {'declared' * (version is present)}"
            )


@pytest.mark.parametrize(("line", "present"), list(cases()))
def test_what_is_advised_bills_the_same_lines_where_they_can_be_and_new_ones_always(
    line: str, present: dict[str, Any]
) -> None:
    """The declaration is read as a configuration, the format is one line of JSON, and both fit.
    Lines that are there are billed unless they lack what only a format brings.
    """
    configuration = read_configuration(json.dumps({"versions": [present]}).encode())
    found = advised([line], configuration)
    if not found:
        assert customers(line, configuration) == ["cus_acme"]
        return
    (advice,) = found
    then = with_advice(advice, present, line)
    new = advice.stage_format
    lacks = set(new.added) - CURED_BY_DECLARING if new else set()
    assert customers(line, then) == ([] if lacks else ["cus_acme"])
    if new is not None:
        assert "\n" not in new.text
        members = json.loads(new.text)
        was = json.loads(line)
        assert [name for name in was if name not in members] == []
        assert customers(json.dumps(printed(members, was)), then) == ["cus_acme"]


IDS = {"extendedRequestId": "KfT3xGqPDoEF2lA=", "apiId": "q7w8e9r0t1", "stage": "prod"}
IDS |= {"requestTimeEpoch": str(MOMENT_MS), "httpMethod": "GET", "resourcePath": "/a"}
# Formats with a client's text in their midst, whose other parts have a status of their own.
IN_THE_MIDST: dict[str, dict[str, Any]] = {
    "in an object": {"identity": {"user": "AIDAEXAMPLE", "userAgent": "x"}, **IDS}
    | {"integration": {"status": "200", "latency": "1"}, "response": {"status": "200"}},
    "an object": {"user_agent": {"original": "x"}, **IDS, "user": "AIDAEXAMPLE"}
    | {"waf": {"status": "-", "error": "-"}, "status": "200"},
    "format v1": {"v": "1", "userAgent": "x", **{key: FIELDS[key] for key in FIELDS if key != "v"}},
}


@pytest.mark.parametrize("name", IN_THE_MIDST)
def test_a_clients_text_in_the_midst_is_advised_to_go_to_the_end(name: str) -> None:
    """No declaration makes sure of what stands behind it and twice: the format does."""
    line = IN_THE_MIDST[name]
    (advice,) = advised([json.dumps(line)], default_configuration())
    then = with_advice(advice, PLAIN, json.dumps(line))
    assert customers(json.dumps(line), then) == []
    assert advice.stage_format is not None
    assert advice.stage_format.moved
    assert [path for path in advice.stage_format.moved if path in FORMAT_V1] == []
    new = json.loads(advice.stage_format.text)
    (customer,) = customers(json.dumps(printed(new, line)), then)
    assert customer == "cus_acme"


def test_most_formats_are_advised_on() -> None:
    """A test that only sees formats without advice would pass."""
    lines = [case.values[0] for case in cases() if case.values[1] is PLAIN]
    assert len([line for line in lines if advised([line], default_configuration())]) > 20


def test_a_declaration_that_nobody_filled_in_is_refused() -> None:
    """Billed under a placeholder, a request would be billed again under its API's id."""
    line = json.dumps(
        {name: FIELDS[name] for name in FIELDS if name not in {"v", "apiId", "stage"}}
    )
    (advice,) = advised([line], default_configuration())
    said = json.loads(advice.declaration)
    for placeholder in (API_ID, STAGE, LOG_GROUP):
        assert placeholder in advice.declaration
    with pytest.raises(ConfigurationError, match="accessLogs"):
        read_configuration(json.dumps({"versions": [PLAIN | said]}).encode())


def test_a_customer_that_nobody_filled_in_is_refused() -> None:
    """As for the placeholders of the declaration."""
    (advice,) = advised([access_line(customerId="-", apiKeyId="k9")], default_configuration())
    assert json.loads(advice.declaration) == {"customers": {"<each apiKeyId>": CUSTOMER}}
    with pytest.raises(ConfigurationError, match="customers"):
        read_configuration(
            json.dumps({"versions": [PLAIN | json.loads(advice.declaration)]}).encode()
        )


@pytest.mark.parametrize("missing", ["requestTimeEpoch", "status", "apiId", "accountId"])
def test_format_v1_gets_back_what_it_lost(missing: str) -> None:
    """Under its own name, and with whatever its owner added."""
    line = json.dumps({k: v for k, v in FIELDS.items() if k != missing} | {"inputTokens": "7"})
    (advice,) = advised([line], default_configuration())
    assert advice.stage_format is not None
    members = json.loads(advice.stage_format.text)
    assert members[missing] == FORMAT_V1[missing]
    assert advice.stage_format.added == (missing,)
    assert advice.stage_format.kept == ("inputTokens",)
    assert {k: v for k, v in members.items() if k != "inputTokens"} == dict(FORMAT_V1)


def test_a_chosen_identity_is_told_the_format_again() -> None:
    """The key is there, and holds what a client can choose."""
    chosen = "3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11"
    (advice,) = advised([access_line(extendedRequestId=chosen)], default_configuration())
    assert advice.stage_format is not None
    assert json.loads(advice.stage_format.text) == dict(FORMAT_V1)


def test_the_format_v1_of_the_advice_is_the_template_s() -> None:
    """The documentation's is held to it too."""
    settings = template()["Resources"]["DemoApiGateway"]["Properties"]["AccessLogSetting"]
    assert json.loads(settings["Format"]) == dict(FORMAT_V1)


@pytest.mark.parametrize(
    "line",
    [
        access_line(customerId="-"),
        access_line(customerId="a b"),
        access_line(requestTimeEpoch="9999999999999"),
        '{"level":"INFO","message":"status","timestamp":"2026-11-28T09:15:42Z"}',
        '{"requestId":"a","requestId":"b","status":"200"}',
        '{"auth":{"customerId":"-"},"auth.customerId":"cus_v","status":"200","userAgent":"x"}',
    ],
)
def test_where_no_format_is_at_fault_nothing_is_advised(line: str) -> None:
    """One request of nobody, one bad value, another program's JSON, a forged line."""
    assert advised([access_line(), line], default_configuration()) == []


def test_formats_are_told_apart_by_their_keys_and_counted() -> None:
    """In whatever order the keys stand; the most lines first."""
    few = {"requestId": "a", "status": "200", "ip": "b"}
    many = few | {"stage": "prod"}
    lines = [json.dumps(few), json.dumps(many), json.dumps(dict(reversed(many.items())))]
    found = advised(lines, default_configuration())
    assert [advice.found.lines for advice in found] == [2, 1]


def test_of_many_formats_the_first_are_kept_and_the_rest_are_counted() -> None:
    """A client may write keys: memory does not grow with them."""
    table = FormatTable(default_configuration())
    lines = [json.dumps({"requestId": "a", "status": "200", f"k{n}": "v"}) for n in range(500)]
    terms = ExplainTerms(default_configuration(), None, REGION, MOMENT_MS)
    read = read_input([f"{line}\n".encode() for line in lines], "auto")
    for one in explained_log(read, "auto", terms):
        table.add(one)
    assert len(list(table)) == FORMATS
    assert table.others == 500 - FORMATS


WORDS = st.sampled_from(
    [*COMMON_NAMES, "ip", "user", "sub", "customer", "principal", "userAgent", "foo", "\x1b[2J", ""]
)
KEYS = st.lists(WORDS, min_size=1, max_size=3).map(".".join)
JSON = st.recursive(
    st.sampled_from([SECRET, 7, None, "-", "200", f"{SECRET}\n", str(MOMENT_MS)]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)


@given(
    st.dictionaries(KEYS, JSON, max_size=12),
    st.dictionaries(st.sampled_from(sorted(COMMON_NAMES)), KEYS, max_size=3),
)
def test_of_any_line_the_advice_is_valid_and_holds_no_value(
    line: dict[str, Any], fields: dict[str, str]
) -> None:
    """Whatever is declared: the declaration is usable once it is filled in, the format is JSON."""
    present = PLAIN | {"accessLogs": {GROUP: {"fields": fields}}}
    try:
        configuration = read_configuration(json.dumps({"versions": [present]}).encode())
    except ConfigurationError:
        return
    text = json.dumps(line)
    for advice in advised([text], configuration):
        with_advice(advice, present, text)
        assert SECRET not in advice.declaration
        if advice.stage_format is not None:
            assert SECRET not in advice.stage_format.text
            assert json.loads(advice.stage_format.text).keys() >= line.keys()
