"""What is taken out of log text, and that the rest stays."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


# What equals a letter where the case does not count: the sign of Kelvin and Turkish i, too.
_SPELT = {"k": "kK\u212a", "s": "sS\u017f", "i": "iI\u0130\u0131", "-": "-"}


def spelt(name: str) -> st.SearchStrategy[str]:
    """The name in any mixture of letters."""
    ways = [st.sampled_from(_SPELT.get(one, one + one.upper())) for one in name]
    return st.tuples(*ways).map("".join)


SPELT_NAMES = st.sampled_from(
    [
        *("authorization", "proxy-authorization", "cookie", "set-cookie", "x-amz-security-token"),
        *("apikey", "api-key", "api_key", "x-api-key"),
    ]
).flatmap(spelt)
BEFORE = st.text(st.sampled_from("kKzZ\u212aaAeEiIcookapi-_ \n;"), max_size=30)


AROUND = st.sampled_from(
    [
        *(("", ": "), ("", "="), ("", "='"), ('{"', '":"'), ('{\\"', '\\": \\"')),
        *(("<", ">"), ("<r.", ' a="">')),
    ]
)


@given(BEFORE, AROUND, SPELT_NAMES)
def test_a_name_is_seen_in_every_spelling(context: str, around: tuple[str, str], name: str) -> None:
    """Wherever it stands, and whatever stands before it."""
    before, behind = around
    found = redacted(f"{context}{before}{name}{behind}hidden")
    assert found == f"{context}{before}{name}{behind}[redacted]"


@given(st.sampled_from(["bearer", "basic"]).flatmap(spelt), st.sampled_from(["", "=", "a "]))
def test_a_scheme_is_seen_in_every_spelling(name: str, before: str) -> None:
    """As a word of its own."""
    assert redacted(f"{before}{name} hidden") == f"{before}{name} [redacted]"
    assert redacted(f"a{name} hidden") == f"a{name} hidden"


def cost(work: Callable[[], object]) -> float:
    """Seconds of the processor; the least of five, since others use its caches too."""
    spent = []
    for _ in range(5):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


# What somebody's program, not a person, may write in one line.
GARBAGE = ["A", "0123456789abcdef", "lorem ipsum dolor sit amet ", '{"a":"x"},', "\u0444\u20ac"]


@pytest.mark.parametrize("unit", [*GARBAGE, "apiKey ", "kkkk", "key", "zazi", "basic ", "<apiKey "])
def test_twice_the_text_costs_twice(unit: str) -> None:
    """About: a line of 60 MB is kept before metering's 60 seconds are over."""
    text = unit * (200_000 // len(unit))
    assert cost(lambda: redacted(text * 2)) < 3 * cost(lambda: redacted(text))


@pytest.mark.parametrize("unit", GARBAGE)
def test_text_without_a_credential_costs_little(unit: str) -> None:
    """All patterns together, measured by one search for two names: it was more than ten times."""
    text = unit * (200_000 // len(unit))
    one_name = re.compile("authorization|cookie", re.IGNORECASE)
    assert cost(lambda: redacted(text)) < 4 * cost(lambda: one_name.sub("", text))
