"""What a followed request's key is made of, by the log that it stands in."""

import json
from typing import Any

import pytest

from functions.metering.configuration.document_reading import (
    default_configuration,
    read_configuration,
)
from functions.operator.explain.explanation import ExplainTerms
from functions.operator.verify.hop import Stopped
from functions.operator.verify.log_line import FollowedLine, facts_of
from functions.usage.event import RequestIdentity
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS, access_line

ACCOUNT = "123456789012"
GROUP = "/orders/prod"
EXTENDED_ID = "AyD6_FHMvHcECIA="
TERMS = ExplainTerms(default_configuration(), None, REGION, REQUEST_TIME_MS)
# As `adopt` extends a format of a stage, and declares it; account, API and stage by the group.
OWN = {"aforoId": EXTENDED_ID, "code": "200", "at": str(REQUEST_TIME_MS), "keyId": "key_1"}
FIELDS_OF_OWN = {
    "extendedRequestId": "aforoId",
    "status": "code",
    "requestTimeEpoch": "at",
    "apiKeyId": "keyId",
}


def declaring(**declared: Any) -> ExplainTerms:
    """The terms of a configuration that declares the group's format."""
    version = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "accessLogs": {GROUP: declared},
    }
    document = json.dumps({"versions": [version]}).encode()
    return TERMS._replace(configuration=read_configuration(document))


def followed(line: str, terms: ExplainTerms, group: str = GROUP) -> FollowedLine:
    """What is known of a line that was logged a second after its request."""
    event = {"timestamp": REQUEST_TIME_MS + 1000, "message": line}
    return facts_of(event, group, terms, extended_id=EXTENDED_ID, account_id=ACCOUNT)


def test_an_access_log_line_says_it_all() -> None:
    """Format v1: nothing is taken from elsewhere, but the Region."""
    event = {"timestamp": 1, "message": access_line()}
    found = facts_of(event, "demo-access", TERMS, extended_id="-", account_id="-")
    said = (FIELDS[name] for name in ("accountId", "apiId", "stage", "extendedRequestId"))
    account, *rest = said
    assert found == (RequestIdentity(account, REGION, *rest), int(FIELDS["requestTimeEpoch"]))


def test_a_line_of_a_declared_format_is_read_as_metering_reads_it() -> None:
    """Under the keys that the configuration names; what no line says is the declaration's."""
    found = followed(json.dumps(OWN), declaring(fields=FIELDS_OF_OWN, apiId="a1b2", stage="prod"))
    identity = RequestIdentity(ACCOUNT, REGION, "a1b2", "prod", EXTENDED_ID)
    assert found == (identity, REQUEST_TIME_MS)


def test_a_line_that_says_no_time_is_of_when_it_was_logged() -> None:
    """As its event's hour is."""
    line = json.dumps({name: text for name, text in OWN.items() if name != "at"})
    fields = {name: key for name, key in FIELDS_OF_OWN.items() if key != "at"}
    found = followed(line, declaring(fields=fields, apiId="a1b2", stage="prod"))
    assert found.time_ms == REQUEST_TIME_MS + 1000


def test_what_is_not_declared_is_told_with_metering_s_own_reason() -> None:
    """The same line, of a group whose declaration says neither API nor stage."""
    with pytest.raises(Stopped) as raised:
        followed(json.dumps(OWN), declaring(fields=FIELDS_OF_OWN))
    assert "quarantined: no_request_identity" in raised.value.reason
    assert "apiId and stage must be there" in raised.value.reason
    assert "accessLogs in the configuration" in raised.value.check


def test_an_execution_log_says_it_with_the_name_of_its_group() -> None:
    """And with the time of the request's first line; nothing is taken from the text."""
    event = {"timestamp": 1_784_512_215_218, "message": "(id) Extended Request Id: A="}
    group = "API-Gateway-Execution-Logs_a1b2/prod"
    found = facts_of(event, group, TERMS, extended_id="A=", account_id=ACCOUNT)
    identity = RequestIdentity(ACCOUNT, REGION, "a1b2", "prod", "A=")
    assert found == (identity, 1_784_512_215_218)
