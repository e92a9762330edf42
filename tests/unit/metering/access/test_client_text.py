"""Text of a client in a stage's own fields: no line that it writes is billed otherwise than the
same line with the text escaped; at most it is quarantined.
"""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.format_v1 import TEXTS
from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.version import Configuration
from functions.metering.field_names import COMMON_NAMES
from functions.metering.log_delivery import LogDelivery
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS, log_events

METERS = [
    {"id": "api_calls", "metricName": "API Calls"},
    {"id": "bytes", "metricName": "Bytes", "quantity": "response_bytes"},
    {"id": "tokens", "metricName": "Tokens", "quantity": "context:usage.tokens"},
]
# Who calls, how it ends and where the text stands differ from case to case; `@` is the text.
ORDINARY = {**FIELDS, "usage.tokens": "7"}
CLIENTS = ("userAgent", "path", "client.ua", "usage.agent", "http.referer")
# One request in the names of another format, nested once: most of them are nobody's common names.
FOREIGN = {
    "ids.extended": "AyD6_FHMvHcECIA=",
    "ids.api": "a1b2c3d4e5",
    "ids.stage": "prod",
    "http.began": str(REQUEST_TIME_MS),
    "http.verb": "GET",
    "http.resourcePath": "/{proxy+}",
    "http.status": "200",
    "http.length": "512",
    "back.answered": "200",
    "back.error": "-",
    "auth.customer": "cus_7Qm2",
    "usage.tokens": "7",
}
DECLARED = {
    "extendedRequestId": "ids.extended",
    "apiId": "ids.api",
    "stage": "ids.stage",
    "requestTimeEpoch": "http.began",
    "httpMethod": "http.verb",
    "resourcePath": "http.resourcePath",
    "status": "http.status",
    "responseLength": "http.length",
    "integrationStatus": "back.answered",
    "errorType": "back.error",
    "customerId": "auth.customer",
}
# Requests that end in other ways than the ordinary one, in the names of either format.
WAYS: list[dict[str, str]] = [
    {},
    {"customerId": "-", "auth.customer": "-"},
    {"customerId": "-", "auth.customer": "-", "apiKeyId": "key_1"},
    {"status": "429", "http.status": "429", "integrationStatus": "-", "back.answered": "-"},
    {"status": "403", "http.status": "403"},
    {"status": "400", "http.status": "400", "errorType": "DEFAULT_4XX", "back.error": "THROTTLED"},
    {"status": "502", "http.status": "502"},
    {"httpMethod": "OPTIONS", "http.verb": "OPTIONS"},
    {"tenantId": "tenant_2"},
    {"resourcePath": "/health", "http.resourcePath": "/health"},
    {"responseLength": "0", "http.length": "0"},
]
NAMES = sorted(
    {"v", *TEXTS, *FOREIGN, *COMMON_NAMES, *CLIENTS, "event_timestamp", "payload"}
    | {name for names in COMMON_NAMES.values() for name in names}
    | {path.rpartition(".")[2] for path in FOREIGN}
)
SAID = ["cus_victim", "key_victim", "/health", "429", "200", "500", "THROTTLED", "-", "OPTIONS"]
SAID += ["tenant_2", "other", "BzE7_GINwIdFDJB=", str(REQUEST_TIME_MS - 10**9), "0", "1"]


def configuration(access_logs: dict[str, object], meters: int = 1) -> Configuration:
    version = {
        "effectiveFrom": "2026-07-01T00:00:00Z",
        "meters": METERS[:meters],
        "customers": {"key_1": "cus_by_key", "key_victim": "cus_victim"},
        "tenantId": "tenant_1",
        "billServerErrors": False,
        "accessLogs": access_logs,
    }
    older = {**version, "effectiveFrom": "2020-01-01T00:00:00Z", "meters": METERS[:1]}
    return Configuration.model_validate({"versions": [version, older]})


UNDECLARED = configuration({})


def outcome_of(line: str, in_force: Configuration = UNDECLARED) -> Any:
    """What is billed, to whom and under which key; or why not."""
    delivery = LogDelivery("123456789012", "group", "stream", log_events([line]))
    found = AccessLogSource(REGION).sort(delivery, in_force, REQUEST_TIME_MS + 1)
    if found.quarantined:
        return "quarantined"
    events = map(json.loads, found.event_texts)
    billed = [(one["customerId"], one["quantity"], one["idempotencyKey"]) for one in events]
    return billed or dict(found.excluded)


@st.composite
def members(draw: st.DrawFn) -> str:
    """Some keys and values, each behind a comma."""
    text = ""
    for _ in range(draw(st.integers(0, 3))):
        path, value = draw(st.sampled_from(NAMES)), json.dumps(draw(st.sampled_from(SAID)))
        outer, dot, inner = path.partition(".")
        as_object = dot and draw(st.booleans())
        text += f',"{outer}":{{"{inner}":{value}}}' if as_object else f',"{path}":{value}'
    return text


@st.composite
def written(draw: st.DrawFn, fields: int) -> list[str]:
    """What a client writes into `fields` unescaped fields of one line: it leaves a value, writes
    keys, and may hide what comes next in an object that the next text, or the format, closes.
    """
    texts = []
    for _ in range(fields):
        leaves = draw(st.sampled_from(["", '"', '"}', '"}}']))
        if not leaves:
            texts.append(draw(st.sampled_from(["curl/8.5", "/health", '\\"', "x\\"])))
            continue
        opened = draw(st.sampled_from([',"z":"', ',"z":{"a":"', ',"y":{"z":{"a":"']))
        outer = draw(st.sampled_from([*NAMES, "z"]))
        opened = draw(st.sampled_from([opened, f',"{outer}":"', f',"{outer}":{{"a":"']))
        texts.append(f"x{leaves}{draw(members())}{opened}")
    return texts


def nested(facts: Sequence[tuple[str, str]], *, is_nested: bool) -> str:
    """One line; facts of one object stand together, where the first of them stands."""
    line: dict[str, Any] = {}
    for path, value in facts:
        outer, dot, inner = path.partition(".")
        if dot and is_nested:
            line.setdefault(outer, {})[inner] = value
        else:
            line[path] = value
    return json.dumps(line, separators=(",", ":"))


@st.composite
def stage_format(draw: st.DrawFn, facts: dict[str, str]) -> tuple[str, int]:
    """A line of a stage that logs some of the facts, in its own order, with up to three fields of a
    client's text; the texts stand as `@0@`, `@1@`, ... in it.
    """
    left_out = draw(st.sets(st.sampled_from(sorted(facts)), max_size=2))
    ordered = [one for one in facts.items() if one[0] not in left_out]
    if draw(st.booleans()):
        ordered = draw(st.permutations(ordered))
    clients = draw(st.lists(st.sampled_from(CLIENTS), min_size=1, max_size=3, unique=True))
    for client in clients:
        place = draw(st.integers(0, len(ordered)) | st.just(len(ordered)))
        ordered.insert(place, (client, "@"))
    line = nested(ordered, is_nested=draw(st.booleans()))
    for number in range(len(clients)):
        line = line.replace('"@"', f'"@{number}@"', 1)
    return line, len(clients)


def filled(line: str, texts: Sequence[str], *, is_escaped: bool) -> str:
    for number, text in enumerate(texts):
        said = json.dumps(text)[1:-1] if is_escaped else text
        line = line.replace(f"@{number}@", said)
    return line


# Without one of these a format bills nobody: a client that adds it harms nobody.
NEEDED = (
    *("extended", "extendedRequestId", "status", "api", "apiId", "stage"),
    *("began", "requestTimeEpoch", "length", "responseLength"),
)


def never_gains(line: str, texts: Sequence[str], in_force: Configuration) -> None:
    """The raw text against the same text, escaped. Where the format lacks what every bill needs,
    and so bills nobody, what a client adds may be billed: to no other than who calls.
    """
    raw = outcome_of(filled(line, texts, is_escaped=False), in_force)
    true = outcome_of(filled(line, texts, is_escaped=True), in_force)
    if true == "quarantined" and sum(f'{name}":' in line for name in NEEDED) < len(NEEDED) // 2:
        assert "victim" not in str(raw), filled(line, texts, is_escaped=False)
        return
    assert raw in (true, "quarantined"), filled(line, texts, is_escaped=False)


INJECTED = 'x","customerId":"cus_victim","z":"'


def test_a_client_does_not_name_the_payer_of_a_stage_that_names_none() -> None:
    """Format v1 without customerId and apiKeyId, and a User-Agent that was not escaped."""
    line = {name: said for name, said in FIELDS.items() if name not in {"customerId", "apiKeyId"}}
    text = json.dumps({**line, "userAgent": "@"}).replace("@", INJECTED)
    assert "cus_victim" in text
    assert outcome_of(text) == "quarantined"


def test_a_client_does_not_make_a_line_one_of_format_v1() -> None:
    """Another format's line, in which it writes the two keys that our format would need."""
    line = {name: said for name, said in FIELDS.items() if name not in {"v", "customerId"}}
    text = json.dumps({"userAgent": "@", **line}).replace("@", f'x","v":"1{INJECTED[1:]}')
    assert json.loads(text)["v"] == "1"
    assert outcome_of(text) == "quarantined"


def test_a_client_does_not_hide_the_payer_between_two_texts() -> None:
    """It opens an object in the one, closes it in the other, and writes the key anew."""
    line = {name: said for name, said in FIELDS.items() if name != "customerId"}
    text = json.dumps({**line, "userAgent": "@", "customerId": "cus_acme", "path": "&"})
    hidden = text.replace("@", 'x","z":{"a":"').replace("&", 'y"},"customerId":"cus_victim","q":"')
    assert json.loads(hidden)["customerId"] == "cus_victim"
    assert outcome_of(hidden) == "quarantined"


def test_format_v1_may_end_with_keys_of_its_meters_and_of_its_clients() -> None:
    """What stands before them is the gateway's, whatever they hold."""
    line = json.dumps({**FIELDS, "usage.tokens": "7", "userAgent": "curl/8.5"})
    found = outcome_of(line, configuration({}, meters=3))
    assert [quantity for _, quantity, _ in found] == [1, 512, 7]


@pytest.mark.parametrize("name", [*TEXTS, "v"])
def test_a_fact_behind_another_key_is_not_believed(name: str) -> None:
    """In format v1: a client may have written it there."""
    line = json.dumps(
        {key: said for key, said in FIELDS.items() if key != name}
        | {"userAgent": "curl/8.5", name: FIELDS[name]}
    )
    assert outcome_of(line) == "quarantined"


@given(st.data(), stage_format(ORDINARY), st.sampled_from(WAYS))
def test_no_text_of_a_client_profits_in_format_v1(
    data: st.DataObject, form: tuple[str, int], way: dict[str, str]
) -> None:
    """Whatever facts the stage logs, in whatever order, and wherever the texts stand."""
    line, fields = form
    in_force = configuration({}, data.draw(st.integers(1, 3)))
    never_gains(with_facts(line, way), data.draw(written(fields)), in_force)


@given(st.data(), stage_format(FOREIGN), st.sampled_from(WAYS))
def test_no_text_of_a_client_profits_in_a_declared_format(
    data: st.DataObject, form: tuple[str, int], way: dict[str, str]
) -> None:
    """Facts that the format does not log are not declared; some that it does log need not be."""
    line, fields = form
    names = {path for path in FOREIGN if last(path) in line}
    declared = {field: path for field, path in DECLARED.items() if path in names}
    left_out = data.draw(st.sets(st.sampled_from(sorted(DECLARED)), max_size=2))
    fields_ = {field: path for field, path in declared.items() if field not in left_out}
    in_force = configuration({"group": {"fields": fields_}}, data.draw(st.integers(1, 3)))
    never_gains(with_facts(line, way), data.draw(written(fields)), in_force)


def last(path: str) -> str:
    return f'{path.rpartition(".")[2]}":'


def with_facts(line: str, way: dict[str, str]) -> str:
    """The line of a request that ends in another way."""
    return json.dumps(changed(json.loads(line), way), separators=(",", ":"))


def changed(at: dict[str, Any], way: dict[str, str], above: str = "") -> dict[str, Any]:
    return {
        name: changed(said, way, f"{above}{name}.")
        if isinstance(said, dict)
        else way.get(f"{above}{name}", said)
        for name, said in at.items()
    }


FORMAT = {
    "userAgent": "curl/8.5",
    "customerId": "cus_acme",
    "extendedRequestId": "AyD6_FHMvHcECIA=",
}
FORMAT |= {"apiId": "a1", "stage": "prod", "requestTimeEpoch": str(REQUEST_TIME_MS)}
FORMAT |= {"httpMethod": "GET", "status": "200"}
IN_THE_MIDDLE = configuration({"group": {"fields": {"customerId": "customerId"}}})


def test_facts_that_stand_once_behind_a_text_are_billed_by() -> None:
    """A format with a User-Agent in its middle needs no declaration of every fact."""
    ((customer, quantity, _),) = outcome_of(json.dumps(FORMAT), IN_THE_MIDDLE)
    assert (customer, quantity) == ("cus_acme", 1)


@pytest.mark.parametrize(
    "added",
    [{"httpMethod": "OPTIONS"}, {"resourcePath": "/health"}, {"errorType": "THROTTLED"}],
    ids=str,
)
def test_nothing_that_a_client_may_have_added_makes_a_request_free(added: dict[str, str]) -> None:
    """Not where the format lacks it: what would be excluded by it is kept and looked at."""
    line = {name: said for name, said in FORMAT.items() if name not in added}
    line |= {"status": "404", **added}
    if "OPTIONS" in added.values():
        line.pop("customerId")  # only a preflight without a customer is free
    assert outcome_of(json.dumps(line), IN_THE_MIDDLE) == "quarantined"


def test_a_time_that_a_client_may_have_added_is_held_against_the_stamp() -> None:
    """Another day could be another version, or a period that is over."""
    line = json.dumps(FORMAT | {"requestTimeEpoch": str(REQUEST_TIME_MS - 86_400_000)})
    assert outcome_of(line, IN_THE_MIDDLE) == "quarantined"
    fields = {"customerId": "customerId", "requestTimeEpoch": "requestTimeEpoch"}
    assert outcome_of(line, configuration({"group": {"fields": fields}})) != "quarantined"
