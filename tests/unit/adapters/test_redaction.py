"""What is taken out of log text, and that the rest stays."""

import time

import pytest

from functions.adapters.redaction import redacted
from tests.fakes.access_log_lines import access_line

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjdXMifQ.c2lnbmF0dXJl"
VALUE = "abcdEFGHijklMNOPqrstUVWXyz0123456789abCD"  # as API Gateway makes the value of an API key
KEY = "sk_live_abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Authorization: Bearer {TOKEN}", "Authorization: [redacted]"),
        ('{"authorization":"Basic dXNlcjpw","a":"b"}', '{"authorization":"[redacted]","a":"b"}'),
        ('{"x-api-key": "abc"}', '{"x-api-key": "[redacted]"}'),
        (r'{"body":"{\"apiKey\":\"abc\"}"}', r'{"body":"{\"apiKey\":\"[redacted]\"}"}'),
        ("{X-Api-Key=abc, Host=x}", "{X-Api-Key=[redacted], Host=x}"),
        ("{Authorization=Bearer abc, Host=x}", "{Authorization=[redacted], Host=x}"),
        (f'{{"note":"{KEY}"}}', '{"note":"sk_live_[redacted]"}'),
        ("key sk_test_123 used", "key sk_test_[redacted] used"),
        (f'{{"note":"{TOKEN}"}}', '{"note":"[redacted]"}'),
        ('{"apiKeyId":"v7y79n2re7"}', '{"apiKeyId":"v7y79n2re7"}'),
        ('{"apiKey":null}', '{"apiKey":null}'),
        ("<apiKey>abc</apiKey>", "<apiKey>[redacted]</apiKey>"),
        ('<x-api-key a="1">abc</x-api-key>', '<x-api-key a="1">[redacted]</x-api-key>'),
        ("<identity.apiKey>abc</identity.apiKey>", "<identity.apiKey>[redacted]</identity.apiKey>"),
        ("<identityApiKey>abc</identityApiKey>", "<identityApiKey>[redacted]</identityApiKey>"),
        ("<apiKey><![CDATA[abc]]></apiKey>", "<apiKey><![CDATA[[redacted]]]></apiKey>"),
        ('<request apiKey="abc" id="1">', '<request apiKey="[redacted]" id="1">'),
        ("<request apiKey='abc' id='1'>", "<request apiKey='[redacted]' id='1'>"),
        ("{'apiKey': 'abc', 'status': '200'}", "{'apiKey': '[redacted]', 'status': '200'}"),
        ('x-api-key="a b", status="200"', 'x-api-key="[redacted]", status="200"'),
        ('<request apiKeyId="v7y79n2re7">', '<request apiKeyId="v7y79n2re7">'),
        ("<apiKeyId>v7y79n2re7</apiKeyId>", "<apiKeyId>v7y79n2re7</apiKeyId>"),
        (f"203.0.113.24,{VALUE},GET,200", "203.0.113.24,[redacted],GET,200"),
        (f'203.0.113.24 - {VALUE} "GET /a" 200', '203.0.113.24 - [redacted] "GET /a" 200'),
        (f"ip: 203.0.113.24, key: {VALUE}", "ip: 203.0.113.24, key: [redacted]"),
    ],
)
def test_credentials_go_and_the_rest_stays(text: str, expected: str) -> None:
    """By their names and by their looks; once gone, nothing more goes."""
    assert redacted(text) == expected
    assert redacted(expected) == expected


def test_a_line_of_ours_has_nothing_to_redact() -> None:
    """It can be metered again as it was."""
    assert redacted(access_line()) == access_line()


@pytest.mark.parametrize(
    "line",
    [
        f'{{"customerId":"{VALUE}","user":"AIDAEXAMPLE0123456789"}}',
        f"(3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11) Method request path: {VALUE}",
        "KfT3xGqPDoEF2lA= AIDAEXAMPLE0123456789 3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11",
        "203.0.113.24 auth0|5f7c8ec7c33c6c004bbafe82 200",
    ],
)
def test_an_id_that_may_pay_stays_where_the_line_can_be_metered(line: str) -> None:
    """JSON and execution logs name their values; ids of AWS and of identity providers are none."""
    assert redacted(line) == line


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ",
        "eyJ.",
        "eyJa.a",
        "Authorization",
        "Bearer ",
        "apikey\\",
        "sk_live_",
        '\\"',
        "<apiKey ",
        "<a.apiKey",
        "apiKey='",
        "apiKey=\"'",
        "<apiKey><![CDATA[",
        "aB0",
        "<x-",
        "aaaaaaaaaaaaaaaaaaaaB0,",
    ],
)
def test_hostile_text_costs_no_more_than_its_length(unit: str) -> None:
    """A megabyte is done in a moment: at quadratic cost it would take minutes."""
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    redacted(text)
    assert time.process_time() - started < 5
