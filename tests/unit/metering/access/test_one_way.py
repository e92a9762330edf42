"""A line becomes an event in one way: whatever a rule or the metadata depends on, every event and
every outcome that should differ does, in any order of lines and with whatever was read before.

Both tests stand for a kind of defect: an outcome that is remembered by fewer attributes than it
depends on. They go through one source, so that what one line taught would be used for the next.
"""

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.source import AccessLogSource
from functions.metering.billing.decide import RULES, Rules
from functions.metering.billing.request_event import METADATA, EventWriter
from functions.metering.configuration.version import CompiledVersion, Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.request import Request
from functions.metering.sorting import SortedRequests
from functions.usage.outcome import Excluded
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS

NOW_MS = REQUEST_TIME_MS + 600_000
CONFIGURATION = Configuration.model_validate(
    {
        "versions": [
            {
                "effectiveFrom": "2020-01-01T00:00:00Z",
                "meters": [{"id": "api_calls", "metricName": "API Calls"}],
                "customers": {"key_1": "cus_by_key", "key_2": "cus_by_key"},
            }
        ]
    }
)
# Two values of each key of our format that a billed line may have, and the attribute of `Request`
# that says which it was.
TWO_VALUES: dict[str, tuple[str, str, str]] = {
    "account_id": ("accountId", "123456789012", "210987654321"),
    "api_id": ("apiId", "a1b2c3d4e5", "z9y8x7w6v5"),
    "stage": ("stage", "prod", "beta"),
    "extended_request_id": ("extendedRequestId", "AyD6_FHMvHcECIA=", "BzE7_GINwIdFDJB="),
    "request_id": ("requestId", "3f2b1c7e-90ab", "4a3c2d8f-01bc"),
    "time_ms": ("requestTimeEpoch", str(REQUEST_TIME_MS), str(REQUEST_TIME_MS + 1)),
    "method": ("httpMethod", "GET", "POST"),
    "route": ("resourcePath", "/pets/{id}", "/orders"),
    "status": ("status", "200", "404"),
    "response_bytes": ("responseLength", "1834", "1835"),
    "latency_ms": ("responseLatency", "52", "53"),
    "integration_latency_ms": ("integrationLatency", "40", "41"),
    "integration_status": ("integrationStatus", "200", "500"),
    "error_type": ("errorType", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"),
    "api_key_id": ("apiKeyId", "key_1", "key_2"),
    "principal_id": ("principalId", "principal_1", "principal_2"),
    "customer_id": ("customerId", "cus_acme", "cus_globex"),
    "tenant_id": ("tenantId", "tenant_1", "tenant_2"),
    "key_id": ("keyId", "key_id_1", "key_id_2"),
    "traceparent": ("traceparent", f"00-{'1' * 32}-{'2' * 16}-01", f"00-{'3' * 32}-{'4' * 16}-01"),
    "context": ("somebodysOwn", "one", "two"),
    "dropped_figures": ("integrationLatency", "40", "many"),
}
# Not said by a line of our format: its source's Region, what other logs say, and faults, with which
# nothing is billed.
NOT_IN_A_LINE = {"region", "path", "time_source", "fault", "unverified"}
NOT_IN_A_LINE |= {"doubt", "free_doubt", "size_doubt"}
ATTRIBUTES = st.sampled_from(sorted(TWO_VALUES))


def line(attribute: str, which: int) -> dict[str, str]:
    """A line that may be billed, and differs from its twin in one value only."""
    key, *values = TWO_VALUES[attribute]
    return {**FIELDS, key: values[which]}


def sort(source: AccessLogSource, lines: Sequence[dict[str, str]]) -> list[SortedRequests]:
    """Each line as a delivery of its own, one after the other."""
    return [
        source.sort(
            LogDelivery("", "/group", "stream", [{"message": json.dumps(one)}]),
            CONFIGURATION,
            NOW_MS,
        )
        for one in lines
    ]


def value_of(request: Request, attribute: str) -> str:
    """What a rule sees of it, as a text that goes into metadata as it stands."""
    found = getattr(request, attribute)
    return str(sorted(found.items()) if attribute == "context" else found)


def test_every_attribute_of_a_request_is_tried() -> None:
    """A new one has its two values here, or a reason why a line cannot say it."""
    assert TWO_VALUES.keys() | NOT_IN_A_LINE == set(Request._fields)


@pytest.mark.parametrize("attribute", TWO_VALUES)
def test_a_new_exclusion_excludes_the_requests_that_it_means_and_no_others(attribute: str) -> None:
    """By any attribute: its twin is billed before and after, and whatever was read before."""
    meant: list[str] = []

    def new_rule(request: Request, _version: CompiledVersion) -> Excluded | None:
        seen = value_of(request, attribute)
        meant.append(seen)
        return Excluded("new_rule") if seen == meant[0] else None

    first, second = line(attribute, 0), line(attribute, 1)
    rules = Rules((*RULES.exclusions, new_rule), RULES.writer)
    for order in set(permutations([0, 0, 1, 1])):
        meant.clear()
        source = AccessLogSource(REGION, rules)
        # The very first line says which value is meant.
        found = sort(source, [first, *((first, second)[which] for which in order)])
        excluded = [bool(one.excluded["new_rule"]) for one in found]
        assert excluded == [True, *(which == 0 for which in order)]


# The whole line is no metadata: its members are, by the attributes that name them.
@pytest.mark.parametrize("attribute", sorted(set(TWO_VALUES) - {"context"}))
def test_a_new_metadata_field_says_of_every_event_what_its_line_says(attribute: str) -> None:
    """By any attribute; nothing else of the event changes with it but what it stands for."""
    writer = EventWriter({**METADATA, "newField": attribute})
    source = AccessLogSource(REGION, Rules(RULES.exclusions, writer))
    plain = AccessLogSource(REGION)
    lines = [line(attribute, which) for which in (0, 1, 0, 0, 1, 1, 0)]
    for one, said, without in zip(lines, sort(source, lines), sort(plain, lines), strict=True):
        (event,), (usual,) = map(json.loads, said.event_texts), map(json.loads, without.event_texts)
        expected = _read(one)[attribute]
        assert event["metadata"].pop("newField", None) == expected
        assert event == usual


@given(st.lists(st.tuples(ATTRIBUTES, st.integers(0, 1)), min_size=1, max_size=12))
def test_what_a_line_becomes_does_not_depend_on_the_lines_before_it(
    drawn: list[tuple[str, int]],
) -> None:
    """A source that has read others gives byte for byte what a new one gives."""
    lines = [line(attribute, which) for attribute, which in drawn]
    used = [found.event_texts for found in sort(SOURCE, lines)]
    new = [sort(AccessLogSource(REGION), [one])[0].event_texts for one in lines]
    assert used == new
    assert all(used)


# Kept from example to example.
SOURCE = AccessLogSource(REGION)


def _read(fields: dict[str, str]) -> dict[str, Any]:
    """The facts of a line by their attributes, as the format says them."""
    figures = {"status", "response_bytes", "latency_ms", "integration_latency_ms", "time_ms"}
    figures |= {"integration_status"}
    facts: dict[str, Any] = {}
    for attribute, (key, *_) in TWO_VALUES.items():
        text = fields.get(key, "-")
        if text == "-":
            facts[attribute] = None
        else:
            facts[attribute] = int(text) if attribute in figures and text.isdigit() else text
    facts["dropped_figures"] = int(fields.get("integrationLatency") == "many")
    return facts
