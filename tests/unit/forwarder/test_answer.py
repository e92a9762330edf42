"""Every row of the response table (aforo-contract.md 1.1.4)."""

import json
import time
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.answer import (
    AcceptedPost,
    NoAnswer,
    RefusedPost,
    Stop,
    TooLarge,
    Unbelievable,
    Unsaid,
    judge,
    retry_after_seconds,
    signature_fault,
)
from functions.forwarder.blame import refused_once
from functions.forwarder.problem import Problem, Reply
from functions.usage.outcome import Confirmed, Held, SetAside, SetAsideClass
from tests.fakes.instants import NOW

SIZE = 4
POISON = SetAsideClass.POISON
IN_90_SECONDS = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
# The code `x` blames nobody: Aforo is asked again before the event is poison.
UNCLEAR = refused_once(SetAside(POISON, "x", 400))


def reply(status: int, body: object = b"", **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


def counts(accepted: int, duplicates: int, failed: int, **more: Any) -> dict[str, Any]:
    return {"accepted": accepted, "duplicates": duplicates, "failed": failed, "errors": []} | more


@pytest.mark.parametrize("status", [200, 201, 202, 299])
@pytest.mark.parametrize(
    "body",
    [counts(4, 0, 0), counts(0, 4, 0), {"accepted": 4}, {"success": True, "data": counts(3, 1, 0)}],
)
def test_a_success_whose_counts_add_up_is_believed(status: int, body: object) -> None:
    """Any 2xx counts, with accepted and duplicates together making the whole post."""
    assert judge(reply(status, body), SIZE, NOW) == AcceptedPost()


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_success_says_nothing(status: int) -> None:
    """An old ingestor answers 202 without a body."""
    assert judge(reply(status), SIZE, NOW) == Unsaid()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>welcome</html>", "answer_not_json"),
        (b"   ", "answer_not_json"),  # a cut body may begin with spaces: that is not empty
        (b'{"accepted": 4', "answer_not_json"),
        ([], "answer_not_json"),
        (counts(3, 0, 0), "counts_do_not_add_up"),
        (counts(5, 0, 0), "counts_do_not_add_up"),
        (counts(5, -1, 0), "counts_do_not_add_up"),
        (counts(accepted=True, duplicates=3, failed=0), "counts_do_not_add_up"),
        ({"accepted": "4"}, "counts_do_not_add_up"),
        ({"ok": True}, "counts_do_not_add_up"),
        (counts(4, 0, 0, errors=[{"index": 1, "error": "no"}]), "counts_do_not_add_up"),
    ],
)
def test_a_success_that_does_not_account_for_all_is_not_believed(body: object, reason: str) -> None:
    """A 2xx is no proof: every event must be accounted for."""
    assert judge(reply(202, body), SIZE, NOW) == Unbelievable(reason)


def test_failures_inside_a_success_are_found_by_index() -> None:
    """A 2xx may refuse single events."""
    said = counts(3, 0, 1, errors=[{"index": 2, "error": "UNKNOWN_METRIC: GET /petz"}])
    problem = Problem(202, "unknown_metric", "UNKNOWN_METRIC: GET /petz", "req_9")
    assert judge(reply(202, said, x_request_id="req_9"), SIZE, NOW) == AcceptedPost({2: problem})


def test_failures_that_are_not_named_are_searched_for() -> None:
    """`failed: 1` without an index is an event at fault, and we must find out which."""
    verdict = judge(reply(202, counts(3, 0, 1)), SIZE, NOW)
    assert verdict == RefusedPost(Problem(202, "failed_without_reason"))


def test_when_all_failed_no_index_is_needed() -> None:
    """Everything failed: that names every event."""
    verdict = judge(reply(202, counts(0, 0, 4)), SIZE, NOW)
    assert isinstance(verdict, AcceptedPost)
    assert sorted(verdict.failed) == [0, 1, 2, 3]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refusal_is_of_some_event(status: int) -> None:
    """400, 409 and 422 say that an event is at fault; the code is read from the problem."""
    body = {"type": "https://errors.aforo.ai/malformed-request", "instance": "req_1"}
    expected = Problem(status, "malformed_request", "", "req_1")
    assert judge(reply(status, body), SIZE, NOW) == RefusedPost(expected)


def test_a_refusal_may_name_its_events() -> None:
    """422 with `errors[].index` saves the search; indexes that do not exist are not believed."""
    errors = [{"index": 3, "code": "UNKNOWN_METRIC"}, {"index": 4}, {"index": -1}, {"index": True}]
    verdict = judge(reply(422, {"code": "VALIDATION_FAILED", "errors": errors}), SIZE, NOW)
    assert isinstance(verdict, RefusedPost)
    assert verdict.named == {3: Problem(422, "unknown_metric")}


@pytest.mark.parametrize("name", ["error", "message", "detail"])
def test_the_text_of_a_named_event_stands_in_one_of_three_places(name: str) -> None:
    """The constant that it starts with is the code; an entry that is no object names nobody."""
    text = "UNKNOWN_METRIC: GET /petz"
    verdict = judge(reply(422, {"errors": [7, "1", None, {"index": 2, name: text}]}), SIZE, NOW)
    assert isinstance(verdict, RefusedPost)
    assert verdict.named == {2: Problem(422, "unknown_metric", text)}


@pytest.mark.parametrize("name", ["detail", "message", "error", "title"])
def test_the_text_of_a_refusal_stands_in_one_of_four_places(name: str) -> None:
    """By age of the ingestor."""
    text = "EVENT_TOO_OLD: of another year"
    verdict = judge(reply(400, {name: text}), SIZE, NOW)
    assert verdict == RefusedPost(Problem(400, "event_too_old", text))


@pytest.mark.parametrize("nothing", ["", None, 7, True, ["x"], {"a": 1}])
def test_what_is_no_text_is_passed_over(nothing: object) -> None:
    """The next place is looked at."""
    text = "EVENT_TOO_OLD: of another year"
    verdict = judge(reply(400, {"detail": nothing, "code": nothing, "message": text}), SIZE, NOW)
    assert verdict == RefusedPost(Problem(400, "event_too_old", text))


@pytest.mark.parametrize("code", ["(invalid event)", "__Invalid--Event!", "INVALID_EVENT"])
def test_a_code_is_a_slug_without_edges(code: str) -> None:
    """However an ingestor spells it, it is one word for operators and for the tables."""
    verdict = judge(reply(400, {"code": code}), SIZE, NOW)
    assert verdict == RefusedPost(Problem(400, "invalid_event"))


def test_a_slug_and_an_instance_are_cut_at_64_characters() -> None:
    """They stand in messages, rows and metrics."""
    verdict = judge(reply(400, {"code": "a" * 65, "instance": "b" * 65}), SIZE, NOW)
    assert verdict == RefusedPost(Problem(400, "a" * 64, "", "b" * 64))


@pytest.mark.parametrize(("blanks", "is_systemic"), [(1018, True), (1019, False)])
def test_the_first_kilobyte_of_a_text_is_read(blanks: int, *, is_systemic: bool) -> None:
    """The words of its first sentences."""
    assert Problem(400, "x", " " * blanks + "tenant").is_systemic is is_systemic


@pytest.mark.parametrize(
    ("code", "is_one"), [("unknown_metric", True), ("unknown_customer", False), ("x", False)]
)
def test_an_unknown_metric_is_told_apart(code: str, *, is_one: bool) -> None:
    """The operator is asked to declare it."""
    assert Problem(422, code).is_unknown_metric is is_one


@pytest.mark.parametrize("code", ["BATCH_TOO_LARGE", "payload-too-large", "TooManyEvents", "x"])
@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_too_large_is_told_apart_from_a_bad_event(status: int, code: str) -> None:
    """413, or a refusal that says so, asks for smaller posts."""
    said = judge(reply(status, {"code": code.replace("TooMany", "too_many_")}), SIZE, NOW)
    assert isinstance(said, RefusedPost if code == "x" and status != 413 else TooLarge)


@pytest.mark.parametrize(
    ("said", "held"),
    [
        (reply(401), Held("credential_refused", 0)),
        (reply(403), Held("credential_refused", 0)),
        (reply(404), Held("credential_refused", 0)),
        (reply(408), Held("request_timeout", 0, ambiguous=True)),
        (reply(429, retry_after="7"), Held("rate_limited", 7)),
        (reply(429, {"retryAfter": 9}), Held("rate_limited", 9)),
        (reply(429), Held("rate_limited", 0)),
        (reply(500), Held("outage", 0, ambiguous=True)),
        (reply(503, retry_after="30"), Held("outage", 30, ambiguous=True)),
        (reply(599), Held("outage", 0, ambiguous=True)),
        (reply(503, retry_after=IN_90_SECONDS), Held("outage", 90, ambiguous=True)),
        (reply(300, counts(4, 0, 0)), Held("redirected", 0)),
        (reply(302), Held("redirected", 0)),
        (reply(307), Held("redirected", 0)),
        (reply(405), Held("unexpected_status", 0)),
        (reply(418), Held("unexpected_status", 0)),
        (reply(101), Held("redirected", 0)),
        (NoAnswer("unreachable", is_ambiguous=False), Held("unreachable", 0)),
        (NoAnswer("no_answer", is_ambiguous=True), Held("no_answer", 0, ambiguous=True)),
    ],
)
def test_everything_else_stops_the_posting(said: Reply | NoAnswer, held: Held) -> None:
    """What no event can be blamed for settles nothing, known status or not."""
    assert judge(said, SIZE, NOW) == Stop(held)


SIGNATURE_ERRORS = [
    *("InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignatureException"),
    *("UnrecognizedClientException", "ExpiredTokenException"),
]


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("after", ["", ":", ":http://internal.amazon.com/coral/:x"])
@pytest.mark.parametrize("kind", SIGNATURE_ERRORS)
def test_what_aws_says_of_a_signature_is_no_fault_of_the_key(
    status: int, kind: str, after: str
) -> None:
    """AWS names the error in a header, with or without its home behind a colon."""
    said = reply(status, {"message": "no"}, x_amzn_errortype=kind + after)
    assert judge(said, SIZE, NOW) == Stop(Held("signature_refused", 0))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Signature expired: 20261129T1 is now earlier than 20261129T2", "clock_skew"),
        ("Signature not yet current: 20261129T3 is still later", "clock_skew"),
        ("The request signature does not match", "signature_refused"),
        ("x Signature expired", "signature_refused"),
        (None, "signature_refused"),
    ],
)
def test_a_signature_of_another_time_is_a_fault_of_a_clock(
    message: str | None, reason: str
) -> None:
    """Only the text tells it apart from a wrong key of AWS."""
    said = reply(403, {"message": message}, x_amzn_errortype="InvalidSignatureException")
    assert judge(said, SIZE, NOW) == Stop(Held(reason, 0))


@pytest.mark.parametrize("kind", ["", "AccessDeniedException", "x:InvalidSignatureException"])
def test_another_refusal_of_aws_is_one_of_the_credential(kind: str) -> None:
    """Whatever its text says."""
    said = reply(403, {"message": "Signature expired"}, x_amzn_errortype=kind)
    assert judge(said, SIZE, NOW) == Stop(Held("credential_refused", 0))


def test_only_a_refused_credential_is_looked_at_for_a_signature() -> None:
    """An answer of another status says nothing of it, whatever its header."""
    said = reply(500, {"message": "Signature expired"}, x_amzn_errortype=SIGNATURE_ERRORS[0])
    assert signature_fault(said) == ""
    assert judge(said, SIZE, NOW) == Stop(Held("outage", 0, ambiguous=True))


@pytest.mark.parametrize(
    ("problem", "outcome"),
    [
        (
            Problem(400, "validation_failed"),
            SetAside(SetAsideClass.POISON, "validation_failed", 400),
        ),
        (Problem(422, "unknown_metric"), SetAside(SetAsideClass.CONFIG, "unknown_metric", 422)),
        (Problem(400, "event_too_old"), SetAside(SetAsideClass.LATE, "event_too_old", 400)),
        (Problem(400, "event_in_future"), Held("future", 0)),
        (Problem(400, "missing_tenant"), Held("systemic_refusal", 0)),
        (Problem(400, "x", "X-Tenant-Id header is required"), Held("systemic_refusal", 0)),
        (Problem(400, "x", "X-Tenant-Id/X-Api-Key missing."), Held("systemic_refusal", 0)),
        (Problem(400, "x", "no such tenant."), Held("systemic_refusal", 0)),
        # Words of an event that a text quotes: only one customer's API has a /tenants.
        (
            Problem(400, "x", "no rate for GET /tenants/{id}"),
            UNCLEAR,
        ),
        (Problem(400, "x", "bad {tenant} in path"), UNCLEAR),
        (
            Problem(400, "x", "see https://a.example/api-key"),
            UNCLEAR,
        ),
        (
            Problem(400, "x", "events[3].metadata.tenant: flat"),
            UNCLEAR,
        ),
        (
            Problem(400, "x", "metadata.credential is null"),
            UNCLEAR,
        ),
        (
            Problem(422, "unknown_customer", "no such customer of this tenant"),
            SetAside(SetAsideClass.CONFIG, "unknown_customer", 422),
        ),
        (Problem(409, "duplicate_event"), Confirmed()),
        (
            Problem(409, "idempotency_conflict", "", "req_1"),
            SetAside(SetAsideClass.POISON, "idempotency_conflict", 409, "req_1"),
        ),
    ],
)
def test_what_becomes_of_an_event_that_is_refused_alone(
    problem: Problem, outcome: Confirmed | SetAside | Held
) -> None:
    """The few known codes choose a class; anything else is the event's own fault, as soon as Aforo
    has said it twice.
    """
    assert problem.outcome() == outcome


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("3", 3.0),
        ("1.5", 1.5),
        (7, 7.0),
        ("0", 0.0),
        (IN_90_SECONDS, 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("Mon, 23 Nov 2026 13:00:00 -0000", None),
        ("99999999999", 900.0),
        ("inf", 900.0),
        ("1e400", 900.0),
        ("nan", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        (True, None),
        ([3], None),
    ],
)
def test_retry_after(told: object, seconds: float | None) -> None:
    """Seconds, an HTTP date, absurd or absent."""
    assert retry_after_seconds(told, NOW) == seconds


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["accepted", "failed", "errors", "index", "code", "data", "type"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    retry_after=st.text(max_size=20),
)
def test_no_answer_can_make_judging_fail(status: int, body: bytes, retry_after: str) -> None:
    """Any bytes under any status get a verdict, and only an answer that adds up is believed."""
    verdict = judge(Reply(status, {"retry-after": retry_after}, body), SIZE, NOW)
    if isinstance(verdict, AcceptedPost):
        assert 200 <= status < 300
        assert body
    if isinstance(verdict, Stop):
        assert 0 <= verdict.held.wait_seconds <= 900


@pytest.mark.parametrize("text", ["a" * 60_000, "a.:" * 20_000, "a" * 60_000 + " no such tenant"])
def test_a_long_text_is_read_in_time(text: str) -> None:
    """An answer may be 64 KiB, and name each event of a post: nobody waits for its words."""
    began = time.process_time()
    assert not Problem(400, "x", text).is_systemic
    assert time.process_time() - began < 10
