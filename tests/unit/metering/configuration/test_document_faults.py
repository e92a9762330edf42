"""What is wrong with a configuration is said whole, with the field, and in no program's words."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.metering.configuration.document_faults import MOST_TOLD
from functions.metering.configuration.document_reading import ConfigurationError, read_configuration
from functions.metering.configuration.pattern_words import PATTERN_WORDS
from functions.metering.configuration.version import Configuration

METER = {"id": "api_calls", "metricName": "API Calls"}
VERSION = {"effectiveFrom": "2026-11-01T00:00:00Z", "meters": [METER]}


def faults_of(document: bytes) -> Sequence[str]:
    """Empty where it is usable."""
    try:
        read_configuration(document)
    except ConfigurationError as error:
        return error.faults
    return ()


def faults(**changes: object) -> list[str]:
    """Of a version with a change."""
    return list(faults_of(json.dumps({"versions": [{**VERSION, **changes}]}).encode()))


def test_a_usable_document_has_none() -> None:
    """As the one to which the others are changed."""
    assert faults() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"meters": [{"id": "a", "metricname": "A"}]},
            [
                "versions.0.meters.0.metricName: is needed",
                "versions.0.meters.0.metricname: is no field here: did you mean metricName?",
            ],
        ),
        ({"customer": {}}, ["versions.0.customer: is no field here: did you mean customers?"]),
        ({"tenant_id": "t"}, ["versions.0.tenant_id: is no field here: did you mean tenantId?"]),
        (
            {"accessLogs": {"/g": {"acountId": "1"}}},
            ["versions.0.accessLogs./g.acountId: is no field here: did you mean accountId?"],
        ),
        (
            {"meters": [{**METER, "id": "Api"}]},
            [
                (
                    "versions.0.meters.0.id: must be 1 to 63 of a-z, 0-9 and _,"
                    " beginning with a letter (not 'Api')"
                )
            ],
        ),
        (
            {"customers": {" ": "c"}},
            [
                (
                    "versions.0.customers. : the name must be 1 to 256 characters, none of them a"
                    " control character, the first one no blank (not ' ')"
                )
            ],
        ),
        (
            {"effectiveFrom": "2026-11-01T00:00:00"},
            [
                (
                    "versions.0.effectiveFrom: has no offset: write a time with its offset, as"
                    " 2026-11-01T00:00:00Z (not '2026-11-01T00:00:00')"
                )
            ],
        ),
        (
            {"meters": [{**METER, "productType": "AGENT_API"}]},
            [
                (
                    "versions.0.meters.0.productType: is none of API, AGENTIC_API, AI_AGENT,"
                    " MCP_SERVER: did you mean AGENTIC_API?"
                )
            ],
        ),
        ({"meters": []}, ["versions.0.meters: needs at least 1"]),
        (
            {"excludedStatuses": [99, "401"]},
            [
                "versions.0.excludedStatuses.0: must be at least 100 (not 99)",
                "versions.0.excludedStatuses.1: must be a whole number, without quotes (not '401')",
            ],
        ),
        (
            {"meters": [METER, METER]},
            ["versions.0.meters: two meters have one id, api_calls: give each its own"],
        ),
    ],
    ids=lambda one: str(next(iter(one)))[:30],
)
def test_a_fault_is_said_in_words(changes: dict[str, object], said: list[str]) -> None:
    """With what was probably meant."""
    assert sorted(faults(**changes)) == said


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{", "document: is no JSON: line 1, column 2: it ends in the middle: is it cut?"),
        (b"[]", "document: must be an object, in braces"),
        (b"{}", "versions: is needed"),
        (b'{"version": []}', "version: is no field here: did you mean versions?"),
        (
            b'{"versions": ' + b"9" * 5000 + b"}",
            "document: is no JSON that can be read: a number in it has more than 4300 digits",
        ),
        (
            b"[" * 100_000,
            "document: is no JSON: it is nested too deeply: is it a text of yours?",
        ),
    ],
)
def test_what_is_no_configuration_at_all_is_said_too(document: bytes, said: str) -> None:
    """The first thing that somebody puts may be anything."""
    assert said in faults_of(document)


TWICE = "stands twice in one object: keep one of them"


@pytest.mark.parametrize(
    ("changes", "again", "place"),
    [
        ({}, "versions", "versions"),
        ({}, "effectiveFrom", "versions.0.effectiveFrom"),
        ({}, "meters", "versions.0.meters"),
        ({}, "metricName", "versions.0.meters.0.metricName"),
        ({"customers": {"a1b2": "cus_a"}}, "customers", "versions.0.customers"),
        ({"customers": {"a1b2": "cus_a"}}, "a1b2", "versions.0.customers.a1b2"),
        ({"accessLogs": {"/g": {"accountId": "123456789012"}}}, "/g", "versions.0.accessLogs./g"),
        (
            {"accessLogs": {"/g": {"fields": {"status": "s"}}}},
            "status",
            "versions.0.accessLogs./g.fields.status",
        ),
        (
            {"accessLogs": {"/g": {"context": {"tokens": "t"}}}},
            "tokens",
            "versions.0.accessLogs./g.context.tokens",
        ),
    ],
)
@pytest.mark.parametrize("escaped", [False, True])
def test_a_name_that_stands_twice_is_a_fault(
    changes: dict[str, object], again: str, place: str, *, escaped: bool
) -> None:
    """Wherever it stands and however it is spelt, also where both say the same: JSON takes the
    last one, and nobody sees who pays.
    """
    text = json.dumps({"versions": [{**VERSION, **changes}]})
    assert faults_of(text.encode()) == ()
    start = text.index(f'"{again}": ')
    _, end = json.JSONDecoder().raw_decode(text, start + len(again) + 4)
    member = text[start:end]
    other = f'"\\u{ord(again[0]):04x}{again[1:]}"{member[len(again) + 2 :]}' if escaped else member
    twice = f"{text[:start]}{other}, {text[start:]}"
    assert faults_of(twice.encode()) == [f"{place}: {TWICE}"]


def test_names_that_stand_twice_are_said_beside_other_faults() -> None:
    """A person mends all of it at once."""
    text = json.dumps({"versions": [{**VERSION, "excludedStatuses": [99], "tenantId": "t"}]})
    text = text.replace('"tenantId"', '"tenantId": "u", "tenantId": "v", "tenantId"')
    assert faults_of(text.encode()) == [
        f"versions.0.tenantId: {TWICE}",
        "versions.0.excludedStatuses.0: must be at least 100 (not 99)",
    ]


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern in a JSON schema."""
    if isinstance(schema, dict):
        own = schema.get("pattern")
        yield from [own] if isinstance(own, str) else []
        yield from schema.get("patternProperties", {})
        for below in schema.values():
            yield from patterns(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from patterns(below)


def test_every_pattern_has_words() -> None:
    """Nobody is shown a regular expression."""
    found = set(patterns(Configuration.model_json_schema(by_alias=True)))
    assert len(found) >= 10
    assert [one for one in found if one not in PATTERN_WORDS] == []


names = st.sampled_from(
    ["id", "metricName", "fields", "apiIds", "meters", "customers", "accessLogs", "effectiveFrom"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(), inner),
    max_leaves=12,
)


@given(st.dictionaries(names, values))
def test_faults_are_said_of_what_is_refused_and_of_nothing_else(changes: dict[str, Any]) -> None:
    """In words that name a field; whatever the document holds."""
    document = json.dumps({"versions": [{**VERSION, **changes}]}).encode()
    try:
        Configuration.model_validate_json(document)
        is_usable = True
    except ValidationError:
        is_usable = False
    found = faults_of(document)
    assert is_usable == (not found)
    assert all(": " in one for one in found)


MANY = 50_000


def test_very_many_names_that_stand_twice_are_told_soon() -> None:
    """As other mistakes are."""
    text = json.dumps({"versions": [{**VERSION, "customers": {f"k{n}": "c" for n in range(MANY)}}]})
    began = time.process_time()
    said = faults_of(text.replace('"k0": "c", ', '"k0": "c", ' * MANY).encode())
    assert said == [f"versions.0.customers.k0: {TWICE}"]
    each = ", ".join(f'"k{n}": "c", "k{n}": "d"' for n in range(MANY))
    said = faults_of(text.replace('"k0": "c"', each, 1).encode())
    assert time.process_time() - began < 20
    assert (len(said), said[0]) == (MOST_TOLD + 1, f"versions.0.customers.k0: {TWICE}")


@pytest.mark.parametrize(
    "changes",
    [
        {"customers": {f"key{number}": {"id": "cus_a"} for number in range(MANY)}},
        {f"customer{number}": "cus_a" for number in range(MANY)},
        {"excludedStatuses": ["401"] * MANY},
        {"meters": [{"id": "a"}] * MANY},
    ],
    ids=["customers", "names", "statuses", "meters"],
)
def test_a_mistake_that_is_made_very_often_is_told_soon(changes: dict[str, Any]) -> None:
    """Metering's deliveries wait while a document is refused. With the square of its faults this
    would take minutes; it takes a second of a slow machine's processor.
    """
    began = time.process_time()
    said = faults(**changes)
    assert time.process_time() - began < 20
    assert len(said) == MOST_TOLD + 1
    assert said[-1] == "document: has more faults than these 100: mend them first"
