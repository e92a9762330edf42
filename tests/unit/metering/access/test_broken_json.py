"""Lines that begin as JSON and are none: what is wrong, and at which character."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.broken_json import broken_json

START = '{"requestId":"a"'


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (',"status":-}', "`-` bare at character 27, as the value of status: put $context values"),
        (',"mine":-,"a":"b"}', "`-` bare at character 25: put $context values in quotes"),
        (',"errorMessage":-}', "`-` bare at character 33, as the value of errorMessage: $context"),
        (',"x":-', "`-` bare at character 22"),
        (',"status":}', "no value at character 27, as the value of status"),
        (',"path":/a}', "a value without quotes at character 25, as the value of path"),
        (',"errorMessage":" "Too slow""}', "a text in quotes twice at character 36 of errorMes"),
        (',"errorMessage":""Too slow""}', "a text in quotes twice at character 35"),
        (',"status":200"}', "a quote is missing or too many before character 30"),
        (',"status":"200,"a":"b"}', "a quote is missing or too many before character 33"),
        (',"status:"200"}', "no colon behind the key, at character 27: is a quote missing?"),
        (',status":"200"}', "no key in quotes at character 18"),
        (',"a":"b}', "a quote is missing: the text that begins at character 22 has no end"),
        (',"a":"b', "the line ends within the text that begins at character 22: it was cut"),
        ("", "the line ends at character 16, before the object does: it was cut"),
        (",", "it was cut"),
        (',"a":"b",}', "a comma too many at character 25"),
        (',"a":"b\n"}', "a line break or control character in a text, at character 24"),
        (',"a":"\\x"}', "a backslash in a text that JSON does not know, at character 23"),
        ("} more", "something stands behind the object, at character 19"),
        (',"a":' + "1" * 5000 + "}", "a number of too many digits"),
        (',"a":' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(rest: str, said: str) -> None:
    """By the number that an editor shows."""
    assert said in broken_json(START + rest)


def test_a_bare_message_string_is_told_its_remedy() -> None:
    """In quotes it would be quoted twice: another variable."""
    for line in ('{"errorMessage":-}', '{"errorMessage":""Too slow""}'):
        assert '"$context.error.message" in quotes' in broken_json(line)


def test_a_byte_order_mark_is_named() -> None:
    """No editor shows it."""
    assert "byte order mark" in broken_json("\ufeff{}")


@given(st.text(st.characters(), min_size=1), st.text(st.characters()))
def test_nothing_of_the_line_is_repeated_but_names_that_api_gateway_has(
    key: str, text: str
) -> None:
    """A client may have written the key as well as the value."""
    line = f"{{{json.dumps(key + 'sk_live_1')}:{text}"
    assert "sk_live_1" not in broken_json(line)
