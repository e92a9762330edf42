"""CredentialHeader: where a credential may stand, and what is nothing there."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.authorizer.authorize import Unauthorized
from functions.authorizer.credential import MAX_LENGTH, ApiKey, CredentialHeader, credential_in
from functions.authorizer.headers import Headers
from functions.authorizer.identity import RefusedCredential
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.token_issuer import CUSTOMER
from tests.unit.authorizer.conftest import Bench, make_bench

KEY, OTHER = "sk_live_1", "sk_live_2"
DIGEST = sha256(KEY.encode()).hexdigest()
AUTHORIZATION, API_KEY, EITHER = CredentialHeader
# A backend that reads CGI-style variables cannot tell them apart, and HTTP knows no case.
SPELLINGS = ["x-api-key", "X-API-Key", "X-Api-Key", "x_api_key", "X_API-KEY", " x-api-key "]


def at(place: CredentialHeader) -> Bench:
    bench = make_bench()
    bench.know_api_key(DIGEST)
    bench.authorizer = replace(bench.authorizer, credential_header=place)
    return bench


def event(*lines: tuple[str, str]) -> dict[str, Any]:
    """Header lines as API Gateway hands them over: the last of a name, and all of them."""
    found = authorizer_event()
    found["headers"] = dict(lines)
    for name, value in lines:
        found["multiValueHeaders"].setdefault(name, []).append(value)
    return found


def outcome(bench: Bench, *lines: tuple[str, str]) -> str:
    """Whom it names, or the logged reason for a 401."""
    try:
        policy = bench.answer(event(*lines))
    except Unauthorized:
        return str(bench.logged("request.unauthorized")[-1]["reason"])
    return str(policy["context"]["customerId"])


BEARER, RAW = ("Authorization", f"Bearer {KEY}"), ("x-api-key", KEY)
SENT = [
    # header lines, by Authorization, by X-API-Key, by Either
    ([], "no_credential", "no_credential", "no_credential"),
    ([BEARER], CUSTOMER, "no_credential", CUSTOMER),
    ([RAW], "no_credential", CUSTOMER, CUSTOMER),
    ([BEARER, RAW], CUSTOMER, CUSTOMER, CUSTOMER),
    ([BEARER, ("x-api-key", OTHER)], CUSTOMER, "unknown_key", "two_credentials"),
    ([("Authorization", f"Bearer {OTHER}"), RAW], "unknown_key", CUSTOMER, "two_credentials"),
    ([("Authorization", "Basic dXNlcjpwYXNz"), RAW], "not_bearer", CUSTOMER, "two_credentials"),
    ([BEARER, ("x-api-key", "")], CUSTOMER, "not_a_key", "two_credentials"),
    ([BEARER, RAW, ("X-Api-Key", OTHER)], CUSTOMER, "no_credential", "two_credentials"),
    ([RAW, ("x-api-key", OTHER)], "no_credential", "no_credential", "no_credential"),
    ([RAW, ("X_API_KEY", OTHER)], "no_credential", "no_credential", "no_credential"),
    ([RAW, ("X_API_KEY", KEY)], "no_credential", CUSTOMER, CUSTOMER),
    ([("x-api-key", f"Bearer {KEY}")], "no_credential", "not_a_key", "not_a_key"),
    ([("x-api-key", f"{KEY}, {OTHER}")], "no_credential", "not_a_key", "not_a_key"),
    ([("x-api-key", f"{KEY},{OTHER}")], "no_credential", "unknown_key", "unknown_key"),
    ([("x-api-key", f" {KEY} ")], "no_credential", CUSTOMER, CUSTOMER),
    ([("x-api-key", f"{KEY}\r\nX-Tenant-Id: b")], "no_credential", "not_a_key", "not_a_key"),
    ([("x-api-key", "sk_live_\u00e4")], "no_credential", "not_a_key", "not_a_key"),
    ([("x-api-key", "k" * (MAX_LENGTH + 1))], "no_credential", "too_long", "too_long"),
]


@pytest.mark.parametrize(("lines", "bearer", "key", "either"), SENT)
def test_where_a_credential_may_stand(
    lines: list[tuple[str, str]], bearer: str, key: str, either: str
) -> None:
    """One that stands elsewhere is nothing; two that differ are none."""
    assert outcome(at(AUTHORIZATION), *lines) == bearer
    assert outcome(at(API_KEY), *lines) == key
    assert outcome(at(EITHER), *lines) == either


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_api_key_in_any_spelling_of_its_header(spelling: str) -> None:
    """It is found, and one of another value beside it is found too."""
    assert outcome(at(API_KEY), (spelling, KEY)) == CUSTOMER
    assert outcome(at(API_KEY), (spelling, KEY), ("X-API-KEY", OTHER)) == "no_credential"


@pytest.mark.parametrize("place", [API_KEY, EITHER])
def test_a_token_is_no_api_key(place: CredentialHeader) -> None:
    """Whoever puts one into x-api-key has it looked up like any other text: it is none of ours."""
    bench = at(place)
    token = bench.issuer.token(bench.clock())
    assert outcome(bench, ("x-api-key", token)) == "unknown_key"


def test_a_token_beside_an_api_key_is_two_credentials() -> None:
    """Both are good, and each is somebody's."""
    bench = at(EITHER)
    lines = (("Authorization", bench.good_header()), RAW)
    assert outcome(bench, *lines) == "two_credentials"


@pytest.mark.parametrize("place", [API_KEY, EITHER])
def test_nothing_of_a_key_is_logged(place: CredentialHeader) -> None:
    """Of a known one that is refused, and of one that nobody knows."""
    bench = at(place)
    bench.grant(limit=1, used=1)
    bench.answer(event(RAW))
    for lines in ([("x-api-key", "sk_live_very_secret")], [RAW, ("x-api-key", "sk_very_secret")]):
        with pytest.raises(Unauthorized):
            bench.answer(event(*lines))
    text = "\n".join(bench.lines)
    assert KEY not in text
    assert "very_secret" not in text
    assert sha256(b"sk_live_very_secret").hexdigest()[:16] not in text


texts = st.text(max_size=8) | st.sampled_from([KEY, f"Bearer {KEY}", OTHER, f"Bearer {OTHER}", ""])
names = st.sampled_from(["Authorization", "authorization", "AUTHORIZATION", *SPELLINGS])


@given(lines=st.lists(st.tuples(names, texts), max_size=5), place=st.sampled_from(CredentialHeader))
@settings(max_examples=300, deadline=None)
def test_whoever_is_named_sent_one_credential_and_no_other(
    lines: list[tuple[str, str]], place: CredentialHeader
) -> None:
    """Of the headers that count, each value says the same key."""
    found = credential_in(Headers(event(*lines)), place)
    if isinstance(found, RefusedCredential):
        return
    bearer = {text for name, text in lines if "auth" in name.lower()}
    keys = {text for name, text in lines if "auth" not in name.lower()}
    counting = {
        AUTHORIZATION: bearer,
        API_KEY: keys,
        EITHER: bearer | keys,
    }[place]
    said = {text.strip(" ").rpartition(" ")[2] for text in counting}
    assert len(said) == 1
    assert isinstance(found, ApiKey)
    assert found.sha256 == sha256(said.pop().encode()).hexdigest()
