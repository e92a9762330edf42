"""The API key in use, through rotations and outages of Secrets Manager."""

from typing import TYPE_CHECKING, cast

import pytest

from functions.adapters.aforo_credential import AforoCredential, check_key_fits_host
from functions.usage.errors import Retryable, SettingsError
from tests.fakes.secret_store import SecretStore
from tests.fakes.settable_clock import SettableClock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:aforo-x"
OLD, NEW = "sk_live_old", "sk_live_new"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


def credential(store: SecretStore, clock: SettableClock) -> AforoCredential:
    return AforoCredential(cast("SecretsManagerClient", store), ARN, clock, ttl_seconds=300)


def test_the_key_is_read_once_and_again_when_it_is_old(clock: SettableClock) -> None:
    """A rotation is noticed within the TTL, without a call per invocation."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    assert [found.current(), found.current()] == [OLD, OLD]
    store.values = {"AWSCURRENT": NEW, "AWSPREVIOUS": OLD}
    clock.advance(299)
    assert found.current() == OLD
    clock.advance(1)
    assert found.current() == NEW
    assert store.reads == ["AWSCURRENT"] * 2


def test_the_last_key_is_used_while_secrets_manager_is_away(clock: SettableClock) -> None:
    """Usage goes on being billed; a secret made unreadable counts as away."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    assert found.current() == OLD
    store.is_down = True
    clock.advance(3600)
    assert found.current() == OLD
    store.is_down, store.values["AWSCURRENT"] = False, '"}'
    clock.advance(3600)
    assert found.current() == OLD


def test_a_key_that_was_never_read_may_be_had_later(clock: SettableClock) -> None:
    """The error names the secret and says that another try may cure it."""
    store = SecretStore(OLD)
    store.is_down = True
    with pytest.raises(Retryable, match=ARN):
        credential(store, clock).current()


@pytest.mark.parametrize("key", ['sk_live_1"', "sk_live_ä", "sk_live_\\n2", " "])
def test_a_secret_of_another_shape_names_the_field_and_not_the_value(
    key: str, clock: SettableClock
) -> None:
    """What does not fit in a header never reaches one; a value that is not JSON is not shown."""
    with pytest.raises(SettingsError, match="apiKey") as raised:
        credential(SecretStore(key), clock).current()
    assert ARN in str(raised.value)
    assert "sk_live_" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_after_a_refusal_the_new_key_is_used(clock: SettableClock) -> None:
    """A rotation that has reached Aforo and not us."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    assert found.current() == OLD
    store.values = {"AWSCURRENT": NEW, "AWSPREVIOUS": OLD}
    assert found.refreshed() == NEW
    assert found.current() == NEW


def test_after_a_refusal_of_the_new_key_the_previous_one_is_used(clock: SettableClock) -> None:
    """A rotation that has reached us and not Aforo; the new key is tried again after the TTL."""
    store = SecretStore(NEW, OLD)
    found = credential(store, clock)
    assert found.current() == NEW
    assert found.refreshed() == OLD
    assert found.current() == OLD
    clock.advance(300)
    assert found.current() == NEW
    assert found.refreshed() == OLD


def test_when_both_are_refused_there_is_no_other(clock: SettableClock) -> None:
    """The current one stays in use: it is the one that a person will make right."""
    store = SecretStore(NEW, OLD)
    found = credential(store, clock)
    assert found.current() == NEW
    assert [found.refreshed(), found.refreshed()] == [OLD, None]
    assert found.current() == NEW


@pytest.mark.parametrize("is_down", [True, False])
def test_without_another_version_there_is_no_other(is_down: bool, clock: SettableClock) -> None:  # noqa: FBT001
    """Also when Secrets Manager cannot be asked."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    assert found.current() == OLD
    store.is_down = is_down
    assert found.refreshed() is None
    assert found.current() == OLD


@pytest.mark.parametrize(
    ("key", "url", "fits"),
    [
        ("sk_live_1", "https://ingest.aforo.ai", True),
        ("sk_test_1", "https://ingest.aforo.ai", False),
        ("sk_test_1", "https://ingest-sandbox.aforo.ai", True),
        ("sk_live_1", "https://ingest-sandbox.aforo.ai", False),
        ("sk_test_1", "https://sandbox.aforo.ai/base", True),
        ("sk_live_1", "https://ingest.sandbox-company.example", True),
        ("sk_live_1", "http://127.0.0.1:8080", True),
        ("sk_test_1", "http://localhost:8080", True),
        ("pk_test_1", "http://127.0.0.1:8080", False),
    ],
)
def test_a_key_fits_one_environment(key: str, url: str, fits: bool) -> None:  # noqa: FBT001
    """aforo-contract.md 1.1.8; the error names the setting and never the key."""
    if fits:
        check_key_fits_host(key, url)
    else:
        with pytest.raises(SettingsError, match="apiKey") as raised:
            check_key_fits_host(key, url)
        assert key not in str(raised.value)


def test_a_key_that_another_thread_has_found_is_used(clock: SettableClock) -> None:
    """Two posts are refused at once: the second does not refuse the key that the first found."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    refused = found.current()
    store.values["AWSCURRENT"] = NEW
    assert found.refreshed(refused) == NEW
    reads = len(store.reads)
    assert found.refreshed(refused) == NEW
    assert len(store.reads) == reads
    assert found.refreshed(NEW) is None
