import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.access_log import access_line
from tests.local.gateway.context import variables
from tests.unit.local_gateway.exchanges import allowed, begun

VALUES = {"status": "200", "error.message": 'said "no"', "authorizer.customerId": 'a"b\\c\nd'}


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ('{"s":"$context.status"}', '{"s":"200"}'),
        ('{"s":$context.status}', '{"s":200}'),
        ('{"a":"$context.authorizer.absent"}', '{"a":"-"}'),
        ('{"a":$context.integrationLatency}', '{"a":-}'),
        ('{"e":$context.error.messageString}', '{"e":"said \\"no\\""}'),
        ('{"e":"$context.error.messageString"}', '{"e":""said \\"no\\"""}'),
        ('{"c":"$context.authorizer.customerId"}', '{"c":"a\\"b\\\\c\\nd"}'),
        ("$context.status $context.error.message.", '200 said "no".'),
        ("$context.status-$context.unknown", "--"),
        ("no variables", "no variables"),
    ],
)
def test_a_format_renders_as_api_gateway_renders_it(template: str, line: str) -> None:
    """Absent is `-`; JSON formats escape; messageString brings its own quotes."""
    known = VALUES if "-$" not in template else {}
    assert access_line(template, known) == line


@given(st.dictionaries(st.sampled_from(["status", "authorizer.customerId"]), st.text()))
def test_no_value_breaks_out_of_a_json_line(values: dict[str, str]) -> None:
    """Whatever a value holds, the line is JSON with that value and nothing more."""
    template = '{"s":"$context.status","c":"$context.authorizer.customerId"}'
    assert json.loads(access_line(template, values)) == {
        "s": values.get("status", "-"),
        "c": values.get("authorizer.customerId", "-"),
    }


def test_the_variables_of_a_request_tell_what_happened() -> None:
    """Identity, stage, template path, sizes and times are those of the exchange."""
    exchange = allowed()
    known = variables(exchange)
    assert known["path"] == "/prod/items/7"
    assert known["resourcePath"] == "/items/{id}"
    assert known["authorizer.customerId"] == "cust_1"
    assert known["requestTimeEpoch"] == str(exchange.started_ms)
    assert (known["status"], known["responseLength"]) == ("200", "5")
    assert (known["integration.status"], known["integrationStatus"]) == ("200", "200")
    assert known["domainName"] == "uwe3g5jm54.execute-api.eu-west-1.amazonaws.com"


def test_what_is_not_known_is_absent() -> None:
    """A request that was not answered yet has no status, no backend and no authorizer."""
    known = variables(begun())
    assert not known.keys() & {"status", "integration.status", "authorizer.principalId"}
    assert "identity.apiKeyId" not in known
