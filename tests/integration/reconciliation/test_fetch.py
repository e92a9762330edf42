"""The fetch over HTTP: against the stand-in for Aforo, and servers that say odd things."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import cast
from uuid import uuid4

import boto3
import httpx
import pytest

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import (
    CONNECT_SECONDS,
    READ_SECONDS,
    WRITE_SECONDS,
    Caller,
    aforo_client,
)
from functions.adapters.telemetry import Telemetry
from functions.reconciliation import fetch_handler
from functions.reconciliation.answers import Answers, CustomerAnswer, Guard, Question, Quota
from functions.reconciliation.fetch import MISSES, ROOM_SECONDS, Fetch
from functions.reconciliation.fetch_api import BODY_SECONDS, FetchApi, Places
from functions.usage.metric import Metric
from functions.usage.quota import GuardLevel
from tests.fakes.http_answers import Answer, answering
from tests.fakes.lambda_context import lambda_context
from tests.fakes.secret_store import SecretStore
from tests.local.aforo.accounts import Customer
from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT, Settings
from tests.local.aforo.standin import AforoStandIn
from tests.local.free_port import free_port
from tests.local.ministack import Ministack

NOW_MS = 1_795_000_000_000
METER = "api_calls"
JWKS = "/.well-known/jwks.json"
CUSTOMERS = {
    "cus_1": Customer.model_validate({"limit": 60}),
    "cus_2": Customer.model_validate({"limits": {"API Calls": 5, "Data Transfer": 9}}),
    "cus_3": Customer.model_validate({"marginGuard": {"level": "L2_THROTTLE", "throttleRate": 30}}),
}
OK_QUOTA = {"decision": "ALLOW", "currentUsage": 1, "limit": 9}


@pytest.fixture(scope="module")
def aforo_settings() -> Settings:
    return Settings(customers=CUSTOMERS)


@pytest.fixture
def url(aforo: AforoStandIn) -> str:
    return aforo.url


class Asked:
    """A fetch, its telemetry, and how many questions it was about to ask."""

    def __init__(self, quota: str, guard: str = "", keys: str = "", **options: object) -> None:
        self.secrets = SecretStore(str(options.get("key", DEFAULT_API_KEY)))
        self.secrets.values["AWSPREVIOUS"] = str(options.get("previous", ""))
        self.telemetry = Telemetry("reconciliation")
        self.questions = 0
        hosts = ["127.0.0.1"]
        self.places = Places(
            aforo_client(quota, hosts),
            aforo_client(guard, hosts) if guard else None,
            aforo_client(keys, hosts) if keys else None,
            JWKS,
        )
        credential = AforoCredential(self.secrets, "arn", time.monotonic)  # type: ignore[arg-type]
        api = FetchApi(self.places, credential, Caller(DEFAULT_TENANT), "API Calls", self._count)
        self.fetch = Fetch(api, self.telemetry, lambda: NOW_MS)

    def about(self, *customers: str, seconds_left: Callable[[], float] = lambda: 60.0) -> Answers:
        """One fetch, at the end of which the connections are given back."""
        with closing(self.places):
            return self.ask(*customers, seconds_left=seconds_left)

    def ask(self, *customers: str, seconds_left: Callable[[], float] = lambda: 60.0) -> Answers:
        """One fetch of several."""
        return self.fetch.ask(Question(meter=METER, customers=customers), seconds_left)

    def counted(self, metric: Metric, reason: str) -> int:
        return self.telemetry._counts[metric, reason]

    def _count(self) -> None:
        self.questions += 1


def everywhere(url: str, **options: object) -> Asked:
    return Asked(url, url, url, **options)


def test_limits_usage_guards_and_keys_are_learnt(url: str) -> None:
    """Of every customer, under the moment at which it was asked about."""
    found = everywhere(url).about("cus_1", "cus_2", "cus_3")
    calm = Guard(level=GuardLevel.NONE, allow_percent=50, retry_seconds=60)
    throttled = Guard(level=GuardLevel.THROTTLE, allow_percent=30, retry_seconds=60)
    said = {
        "cus_1": (Quota(limit=60, current_usage=0), calm),
        "cus_2": (Quota(limit=5, current_usage=0), calm),
        "cus_3": (Quota(current_usage=0), throttled),
    }
    assert found.customers == tuple(
        CustomerAnswer(customer_id=who, asked_at_ms=NOW_MS, quota=quota, guard=guard)
        for who, (quota, guard) in said.items()
    )
    assert found.keys is not None
    assert len(found.keys.keys) == 1


def test_both_keys_of_a_rotation_are_learnt(url: str) -> None:
    """Tokens that the old one signed are good until they expire."""
    before = everywhere(url).about().keys
    httpx.post(f"{url}/_keys/rotate")
    after = everywhere(url).about().keys
    assert before is not None
    assert after is not None
    assert [key.kid for key in after.keys[:-1]] == [key.kid for key in before.keys]
    assert len(after.keys) == len(before.keys) + 1


def test_what_is_not_configured_is_not_asked(url: str) -> None:
    """No pricing host and no JWKS URL: quota only."""
    asked = Asked(url)
    found = asked.about("cus_1")
    assert (found.keys, found.customers[0].guard) == (None, None)
    assert asked.questions == 1


def test_the_key_does_not_go_to_who_publishes_keys() -> None:
    """The signing keys are public, and their host is not on the list of those that get ours."""
    with answering(Answer(body=OK_QUOTA)) as api, answering(Answer(body="{}")) as auth:
        Asked(api.url, keys=auth.url).about("cus_1")
    (_, with_key, _), (path, without_key, _) = api.asked[0], auth.asked[0]
    assert with_key["Authorization"] == f"Bearer {DEFAULT_API_KEY}"
    assert path == JWKS
    assert not {"authorization", "x-tenant-id"} & {name.lower() for name in without_key}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=404), "not_found"),
        (Answer(status=400), "question_refused"),
        (Answer(status=422, body=OK_QUOTA), "question_refused"),
        (Answer(status=500, body=OK_QUOTA), "outage"),
        (Answer(body="<html>"), "quota_not_understood"),
        (Answer(body={**OK_QUOTA, "limit": "many"}), "quota_not_understood"),
    ],
)
def test_one_customers_trouble_costs_the_others_nothing(answer: Answer, reason: str) -> None:
    """It is left out, so that its old state stands, and counted."""
    with answering(answer, Answer(body=OK_QUOTA)) as api:
        asked = Asked(api.url)
        found = asked.about("bad", "good")
    assert [one.customer_id for one in found.customers] == ["good"]
    assert asked.counted(Metric.QUESTIONS_UNANSWERED, reason) == 1
    assert sum(asked.telemetry._counts[Metric.RECONCILE_TROUBLE, one] for one in ("", reason)) == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=429, headers={"Retry-After": "9"}), "rate_limited"),
        (Answer(status=401), "credential_refused"),
        (Answer(status=403), "credential_refused"),
        (Answer(status=307, headers={"Location": "http://127.0.0.1/"}), "redirected"),
    ],
)
def test_what_would_be_answered_to_everybody_is_asked_once(answer: Answer, reason: str) -> None:
    """The rest of the customers keep their state, and Aforo its peace."""
    with answering(answer) as api:
        asked = Asked(api.url, api.url)
        assert asked.about("a", "b", "c").is_empty
    assert len(api.asked) == 1
    assert asked.counted(Metric.RECONCILE_TROUBLE, reason) == 1
    assert asked.counted(Metric.QUESTIONS_UNANSWERED, "not_asked") == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_margin_guard_that_is_not_ours_to_ask_keeps_nobodys_limit_waiting(status: int) -> None:
    """The key is good, as the quotas say: the guard is not asked again in this minute."""
    with answering(Answer(body=OK_QUOTA)) as api, answering(Answer(status=status)) as pricing:
        asked = Asked(api.url, pricing.url)
        found = asked.about("a", "b", "c")
    assert [one.customer_id for one in found.customers] == ["a", "b", "c"]
    assert len(pricing.asked) == 1
    assert asked.counted(Metric.RECONCILE_TROUBLE, "guard_refused") == 1


def test_an_aforo_that_is_away_costs_a_few_questions() -> None:
    """However many customers are due; one trouble, not one each."""
    nobody = f"http://127.0.0.1:{free_port()}"
    asked = Asked(nobody, nobody)
    assert asked.about(*(f"c{i}" for i in range(50))).is_empty
    assert asked.questions == MISSES
    assert asked.counted(Metric.RECONCILE_TROUBLE, "aforo_unreachable") == 1


def test_an_outage_between_two_answers_does_not_stop_it() -> None:
    """Only questions in a row that met nobody do."""
    down, up = Answer(status=503), Answer(body=OK_QUOTA)
    with answering(*[down, down, up] * 4) as api:
        found = Asked(api.url).about(*(f"c{i}" for i in range(12)))
    assert [one.customer_id for one in found.customers] == ["c2", "c5", "c8", "c11"]


def test_a_host_without_these_routes_is_trouble() -> None:
    """Nothing at all was answered: the URL is wrong, and somebody should hear of it."""
    with answering(Answer(status=404)) as api:
        asked = Asked(api.url)
        assert asked.about("a", "b").is_empty
    assert asked.counted(Metric.RECONCILE_TROUBLE, "nothing_answered") == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=503),
        Answer(body="{}"),
        Answer(body={"keys": []}),
        Answer(body="[" * 60_000),
        Answer(body='{"keys": ' + '[{"kty": "RSA", "use": ' * 2000),
    ],
)
def test_keys_that_cannot_be_learnt_do_not_stop_the_rest(answer: Answer) -> None:
    """The set in use stays; the trouble is counted."""
    with answering(Answer(body=OK_QUOTA)) as api, answering(answer) as auth:
        asked = Asked(api.url, keys=auth.url)
        found = asked.about("a")
    assert found.keys is None
    assert len(found.customers) == 1
    assert asked.counted(Metric.RECONCILE_TROUBLE, "keys_not_refreshed") == 1


def test_time_that_runs_out_leaves_the_rest_for_later() -> None:
    """What was answered by then is returned."""
    left = iter([60.0, ROOM_SECONDS + 1, ROOM_SECONDS - 1])
    with answering(Answer(body=OK_QUOTA)) as api:
        asked = Asked(api.url)
        found = asked.about("a", "b", "c", "d", seconds_left=lambda: next(left))
    assert [one.customer_id for one in found.customers] == ["a", "b"]
    assert asked.counted(Metric.RECONCILE_TROUBLE, "out_of_time") == 1
    assert asked.counted(Metric.QUESTIONS_UNANSWERED, "not_asked") == 2


def test_a_slow_answer_leaves_no_time_for_the_next_question() -> None:
    """Also in the middle of a customer: what would be cut off would take all answers with it."""
    with answering(Answer(body=OK_QUOTA)) as api, answering(Answer(body="{}")) as pricing:
        left = iter([ROOM_SECONDS + 1, ROOM_SECONDS - 1])
        asked = Asked(api.url, pricing.url)
        found = asked.about("a", seconds_left=lambda: next(left, 1.0))
    assert [one.customer_id for one in found.customers] == ["a"]
    assert pricing.asked == []
    assert asked.counted(Metric.RECONCILE_TROUBLE, "out_of_time") == 1


def test_a_question_takes_no_longer_than_is_kept_for_it() -> None:
    """Connect, send, wait for the answer, read it, and the last read."""
    assert CONNECT_SECONDS + WRITE_SECONDS + 2 * READ_SECONDS + BODY_SECONDS < ROOM_SECONDS


def test_a_rotated_key_is_found_in_the_middle(url: str) -> None:
    """The secret is read once more, and the question asked again with the key that works."""
    asked = Asked(url, key="sk_test_revoked", previous=DEFAULT_API_KEY)
    assert len(asked.about("cus_1", "cus_2").customers) == 2
    assert asked.questions == 3


@pytest.mark.parametrize("previous", ["put-your-aforo-key-here", "sk_test_revoked", '"}', ""])
def test_a_refused_key_is_the_trouble_whatever_stands_in_the_previous_version(
    previous: str, url: str, console: Console
) -> None:
    """And the first fetch after Aforo takes the key again is answered."""
    asked = Asked(url, previous=previous)
    with closing(asked.places):
        console.order_faults({"kind": "unauthorized"})
        assert asked.ask("cus_1", "cus_2").is_empty
        assert asked.counted(Metric.RECONCILE_TROUBLE, "credential_refused") == 1
        console.clear_faults()
        questions = asked.questions
        assert len(asked.ask("cus_1", "cus_2").customers) == 2
        assert asked.questions == questions + 2


def test_a_margin_guard_that_is_not_ours_to_ask_is_no_word_about_the_secret() -> None:
    """Limits are asked for with the key that is good for them, whatever the previous version is."""
    refuses = Answer(status=403)
    for previous in ("put-your-aforo-key-here", "sk_test_revoked"):
        with answering(Answer(body=OK_QUOTA)) as api, answering(refuses) as pricing:
            asked = Asked(api.url, pricing.url, previous=previous)
            assert len(asked.about("a", "b", "c").customers) == 3
            assert asked.counted(Metric.RECONCILE_TROUBLE, "guard_refused") == 1
        sent = {headers["Authorization"] for _, headers, _ in api.asked}
        assert sent == {f"Bearer {DEFAULT_API_KEY}"}


@pytest.mark.parametrize(
    ("key", "reason"), [("", "secret_unreadable"), ("put-it", "secret_not_usable")]
)
def test_a_secret_that_is_not_there_yet_is_an_outcome(key: str, reason: str) -> None:
    """As after the first deploy: nothing is sent, nothing fails."""
    with answering(Answer(body=OK_QUOTA)) as api:
        asked = Asked(api.url, key=key)
        assert asked.about("a", "b").is_empty
    assert api.asked == []
    assert asked.counted(Metric.RECONCILE_TROUBLE, reason) == 1


def test_a_fault_of_the_whole_service_is_survived(url: str, console: Console) -> None:
    """The stand-in's outage: keys still come, customers do not."""
    console.order_faults({"kind": "status", "status": 503})
    found = everywhere(url).about("cus_1")
    assert found.customers == ()
    assert found.keys is not None


@pytest.fixture
def environment(
    url: str, on_ministack: Ministack, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """What the template sets, and a real secret."""
    secret = boto3.client("secretsmanager").create_secret(
        Name=f"aforo-{uuid4().hex}", SecretString=f'{{"apiKey": "{DEFAULT_API_KEY}"}}'
    )
    variables = {
        "AFORO_API_URL": url,
        "AFORO_PRICING_URL": url,
        "AFORO_JWKS_URL": f"{url}{JWKS}",
        "AFORO_ALLOWED_HOSTS": "127.0.0.1",
        "AFORO_TENANT_ID": DEFAULT_TENANT,
        "AFORO_SECRET_ARN": secret["ARN"],
        "QUOTA_METRIC_NAME": "API Calls",
        "QUESTIONS_PER_SECOND": "1000",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    fetch_handler._wired.cache_clear()
    yield
    fetch_handler._wired().fetch.api.places.close()
    fetch_handler._wired.cache_clear()


@pytest.mark.usefixtures("environment")
def test_the_handler_answers_what_apply_understands() -> None:
    """The answers cross as JSON, and validate on the other side."""
    asked = {"meter": METER, "customers": ["cus_1", "cus_3"]}
    found = fetch_handler.handler(asked, lambda_context("fetch", remaining_ms=60_000))
    assert found["outcome"] == "answered"
    answers = Answers.model_validate(found["answers"])
    assert [one.customer_id for one in answers.customers] == ["cus_1", "cus_3"]
    assert cast("Quota", answers.customers[0].quota).limit == 60
    assert answers.keys is not None


@pytest.mark.usefixtures("environment")
def test_questions_are_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five questions at twenty a second take a fifth of a second at least."""
    monkeypatch.setenv("QUESTIONS_PER_SECOND", "20")
    began = time.monotonic()
    asked = {"meter": METER, "customers": ["cus_1", "cus_3"]}
    fetch_handler.handler(asked, lambda_context("fetch", remaining_ms=60_000))
    assert time.monotonic() - began >= 4 / 20
