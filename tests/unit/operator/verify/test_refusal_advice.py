"""Why a call was refused, and what to do about it."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer.decision import DenyCode
from functions.operator.command_line import command_line
from functions.operator.verify.refusal_advice import WhoCalls, code_of, refusal

URL = "https://api.example/prod/nope"
WHO = WhoCalls(URL, "the credential in VERIFY_API_KEY", "cus_1")
NOBODY = WHO._replace(customer=None)


def body(code: str) -> str:
    return json.dumps({"error": {"code": code, "message": "It says why"}})


@pytest.mark.parametrize("code", [*DenyCode, "UNAUTHORIZED"])
def test_each_code_of_our_authorizer_has_a_next_step_of_its_own(code: str) -> None:
    """With a command that the command line knows, or an alarm's section."""
    stopped = refusal(429, body(code), WHO)
    assert stopped.reason == f"HTTP 429 {code}: It says why"
    commands = re.findall(r"`aforo-metering ([a-z -]+) --customer cus_1", stopped.check)
    assert commands or "Alarm" in stopped.check or "margin guard" in stopped.check
    for command in commands:
        assert command_line().parse_commands(command.split())[0] == tuple(command.split())


@pytest.mark.parametrize(
    ("status", "text", "check"),
    [
        (429, body("QUOTA_EXCEEDED"), "counters grant --customer cus_1 --limit"),
        (429, body("CUSTOMER_SUSPENDED"), "`aforo-metering counters resume --customer cus_1`"),
        (401, body("UNAUTHORIZED"), "the credential in VERIFY_API_KEY: it is not known"),
        (403, '{"message":"Missing Authentication Token"}', f"no such route in {URL}"),
        (403, '{"message":"Forbidden"}', f"none of that name at {URL}"),
        (429, '{"error":{"code":"SOMEBODY_ELSE_S"}}', "the customer's quota and grant"),
        (403, "<html>", "the credential"),
    ],
)
def test_what_to_check_fits_the_answer(status: int, text: str, check: str) -> None:
    """Our code first, then API Gateway's own words; else what it may be."""
    assert check in refusal(status, text, WHO).check


def test_where_nobody_says_who_called_the_command_leaves_it_open() -> None:
    """A stack knows no customer by a credential."""
    stopped = refusal(429, body("NO_GRANT"), NOBODY)
    assert "`aforo-metering counters grant --customer ... --limit ...`" in stopped.check


@given(
    st.text()
    | st.recursive(st.none() | st.text(), lambda e: st.dictionaries(st.text(), e)).map(json.dumps)
)
def test_no_answer_is_too_strange(text: str) -> None:
    """It is one printable line."""
    assert isinstance(code_of(text), str)
    stopped = refusal(403, text, WHO)
    assert stopped.reason.isprintable()
