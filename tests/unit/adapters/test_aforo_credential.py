"""The API key in use, through rotations and outages of Secrets Manager."""

import traceback
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest

from functions.adapters.aforo_credential import (
    LOOK_SECONDS,
    AforoCredential,
    check_key_fits_host,
)
from functions.usage.errors import Retryable, SettingsError
from tests.fakes.secret_store import SecretStore
from tests.fakes.settable_clock import SettableClock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:aforo-x"
URL, SANDBOX = "https://ingest.aforo.ai", "https://ingest-sandbox.aforo.ai"
OLD, NEW, THIRD = "sk_live_old", "sk_live_new", "sk_live_third"
# What is no key for URL: nothing, the template's own, somebody else's, the sandbox's, no JSON ...
NO_KEYS = ["", "put-your-aforo-key-here", "pk_live_1", "sk_test_1", '"}', "sk_live_\u00e4", " "]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


def credential(store: SecretStore, clock: SettableClock) -> AforoCredential:
    return AforoCredential(cast("SecretsManagerClient", store), ARN, clock, ttl_seconds=300)


def first(found: AforoCredential) -> str:
    return next(found.keys_for(URL))


def sent(found: AforoCredential, *, accepted: Collection[str] = ()) -> list[str]:
    """The keys that a post is sent with, at an Aforo that accepts these."""
    keys: list[str] = []
    for key in found.keys_for(URL):
        keys.append(key)
        if key in accepted:
            break
    return keys


def test_the_key_is_read_once_and_again_when_it_is_old(clock: SettableClock) -> None:
    """A rotation is noticed within the TTL, without a call per invocation."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    assert [first(found), first(found)] == [OLD, OLD]
    store.values = {"AWSCURRENT": NEW, "AWSPREVIOUS": OLD}
    clock.advance(299)
    assert first(found) == OLD
    clock.advance(1)
    assert first(found) == NEW
    assert store.reads == ["AWSCURRENT"] * 2


def test_the_last_key_is_used_while_secrets_manager_is_away(clock: SettableClock) -> None:
    """Usage goes on being billed."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    assert first(found) == OLD
    store.is_down = True
    clock.advance(3600)
    assert first(found) == OLD
    assert sent(found) == [OLD]
    assert first(found) == OLD


@pytest.mark.parametrize("wrong", NO_KEYS)
def test_the_last_key_is_used_while_the_secret_is_none(wrong: str, clock: SettableClock) -> None:
    """Somebody put the wrong thing: whoever knows a good key goes on with it."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    assert first(found) == OLD
    store.values = {"AWSCURRENT": wrong, "AWSPREVIOUS": OLD}
    clock.advance(3600)
    assert first(found) == OLD
    assert sent(found) == [OLD]


def test_a_key_that_was_never_read_may_be_had_later(clock: SettableClock) -> None:
    """The error names the secret and says that another try may cure it."""
    store = SecretStore(OLD)
    store.is_down = True
    found = credential(store, clock)
    with pytest.raises(Retryable, match=ARN):
        first(found)
    store.is_down = False
    assert first(found) == OLD


def test_the_first_key_is_used_as_soon_as_it_is_put(clock: SettableClock) -> None:
    """Whatever the template put there is not remembered."""
    store = SecretStore("put-your-aforo-key-here")
    found = credential(store, clock)
    with pytest.raises(SettingsError, match="apiKey"):
        first(found)
    store.values = {"AWSCURRENT": NEW, "AWSPREVIOUS": "put-your-aforo-key-here"}
    assert first(found) == NEW


def test_a_key_that_was_read_for_another_host_does_not_go_to_this_one(clock: SettableClock) -> None:
    """The hosts of a fetch may be set to two environments."""
    found = credential(SecretStore(NEW), clock)
    assert first(found) == NEW
    with pytest.raises(SettingsError, match="does not fit"):
        next(found.keys_for(SANDBOX))


@pytest.mark.parametrize("key", ['sk_live_1"', "sk_live_ä", "sk_live_\\n2", " "])
def test_a_secret_of_another_shape_names_the_field_and_not_the_value(
    key: str, clock: SettableClock
) -> None:
    """What does not fit in a header never reaches one; a value that is not JSON is not shown."""
    with pytest.raises(SettingsError, match="apiKey") as raised:
        first(credential(SecretStore(key), clock))
    assert ARN in str(raised.value)
    assert "sk_live_" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("previous", [*NO_KEYS, NEW])
def test_without_another_key_there_is_one_sending(previous: str, clock: SettableClock) -> None:
    """Nothing is raised for what stands in the previous version, and nothing is remembered."""
    store = SecretStore(NEW, previous)
    found = credential(store, clock)
    for _ in range(3):
        assert sent(found) == [NEW]
    clock.advance(LOOK_SECONDS)
    assert sent(found, accepted=[NEW]) == [NEW]


class Rotation(NamedTuple):
    """A key is known; then this stands in the secret, and Aforo takes these keys."""

    known: str
    current: str
    previous: str
    accepted: Collection[str]
    sent: list[str]
    then: str  # what the next post begins with


NOBODY: frozenset[str] = frozenset()
ROTATIONS = {
    "it has reached Aforo and not us": Rotation(OLD, NEW, OLD, {NEW}, [OLD, NEW], NEW),
    "it has reached us and not Aforo": Rotation(NEW, NEW, OLD, {OLD}, [NEW, OLD], OLD),
    "two have passed us by": Rotation(OLD, THIRD, NEW, {NEW}, [OLD, THIRD, NEW], NEW),
    "the wrong thing was put on top": Rotation(OLD, "pk_1", NEW, {NEW}, [OLD, NEW], NEW),
    "Aforo takes neither": Rotation(NEW, NEW, OLD, NOBODY, [NEW, OLD], NEW),
    "Aforo takes neither, new to us": Rotation(OLD, NEW, OLD, NOBODY, [OLD, NEW], NEW),
    "Aforo does not take the first": Rotation(NEW, NEW, "pk_1", NOBODY, [NEW], NEW),
}


@pytest.mark.parametrize("rotation", ROTATIONS.values(), ids=ROTATIONS)
def test_a_rotation_may_reach_either_end_first(rotation: Rotation, clock: SettableClock) -> None:
    """Each version gets its chance once; when all are refused, the current one is the next."""
    store = SecretStore(rotation.known)
    found = credential(store, clock)
    assert first(found) == rotation.known
    store.values = {"AWSCURRENT": rotation.current, "AWSPREVIOUS": rotation.previous}
    assert sent(found, accepted=rotation.accepted) == rotation.sent
    assert first(found) == rotation.then


def test_the_new_key_is_tried_again_after_a_while(clock: SettableClock) -> None:
    """It has reached us and not Aforo: the previous one is used for the TTL."""
    found = credential(SecretStore(NEW, OLD), clock)
    assert sent(found, accepted=[OLD]) == [NEW, OLD]
    clock.advance(299)
    assert sent(found, accepted=[OLD]) == [OLD]
    clock.advance(1)
    assert sent(found, accepted=[OLD]) == [NEW, OLD]


def test_the_new_key_is_tried_when_the_previous_one_is_revoked(clock: SettableClock) -> None:
    """The rotation has reached Aforo meanwhile."""
    found = credential(SecretStore(NEW, OLD), clock)
    assert sent(found, accepted=[OLD]) == [NEW, OLD]
    assert sent(found, accepted=[NEW]) == [OLD, NEW]
    assert first(found) == NEW


def test_both_versions_are_tried_again_after_both_were_refused(clock: SettableClock) -> None:
    """Aforo refused everybody in the middle of a rotation, and comes back."""
    found = credential(SecretStore(NEW, OLD), clock)
    assert sent(found) == [NEW, OLD]
    assert sent(found, accepted=[OLD]) == [NEW, OLD]
    assert sent(found) == [OLD, NEW]
    assert sent(found, accepted=[NEW]) == [NEW]


def test_a_key_that_is_put_after_all_were_refused_is_the_first_to_be_sent(
    clock: SettableClock,
) -> None:
    """Not after the TTL, and without another refusal."""
    store = SecretStore(OLD, "put-your-aforo-key-here")
    found = credential(store, clock)
    assert sent(found) == [OLD]
    store.values = {"AWSCURRENT": NEW, "AWSPREVIOUS": OLD}
    clock.advance(LOOK_SECONDS)
    assert sent(found, accepted=[NEW]) == [NEW]


def test_while_aforo_refuses_everybody_the_secret_is_read_now_and_then(
    clock: SettableClock,
) -> None:
    """However many posts are made."""
    store = SecretStore(NEW, OLD)
    found = credential(store, clock)
    for _ in range(100):
        assert sent(found) == [NEW, OLD]
    assert store.reads == ["AWSCURRENT", "AWSCURRENT", "AWSPREVIOUS"]
    clock.advance(LOOK_SECONDS)
    for _ in range(100):
        assert sent(found) == [NEW, OLD]
    assert store.reads[3:] == ["AWSCURRENT", "AWSPREVIOUS"]


def test_the_previous_key_stays_known_while_secrets_manager_is_away(clock: SettableClock) -> None:
    """It has reached us and not Aforo, and nobody can be asked for the other version."""
    store = SecretStore(NEW, OLD)
    found = credential(store, clock)
    assert sent(found, accepted=[OLD]) == [NEW, OLD]
    store.is_down = True
    clock.advance(300)
    assert sent(found, accepted=[OLD]) == [NEW, OLD]


def test_a_key_that_another_thread_has_found_is_used(clock: SettableClock) -> None:
    """Two posts are refused at once: the second does not refuse the key that the first found."""
    store = SecretStore(OLD)
    found = credential(store, clock)
    one, other = found.keys_for(URL), found.keys_for(URL)
    assert [next(one), next(other)] == [OLD, OLD]
    store.values["AWSCURRENT"] = NEW
    assert next(one) == NEW
    reads = len(store.reads)
    assert next(other) == NEW
    assert len(store.reads) == reads


def test_posts_that_are_refused_at_once_end(clock: SettableClock) -> None:
    """What the first gave up is no new key to the second."""
    found = credential(SecretStore(NEW, OLD), clock)
    posts = [found.keys_for(URL) for _ in range(3)]
    assert [next(post) for post in posts] == [NEW] * 3
    assert [next(post) for post in posts] == [OLD] * 3
    assert [next(post, "") for post in posts] == [""] * 3
    assert first(found) == NEW


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


def test_a_rotation_goes_unnoticed_for_five_minutes_at_most(clock: SettableClock) -> None:
    """Unless a caller says otherwise: as docs/how-to/rotate-the-key.md counts on it."""
    store = SecretStore(OLD)
    found = AforoCredential(cast("SecretsManagerClient", store), ARN, clock)
    assert first(found) == OLD
    store.values = {"AWSCURRENT": NEW, "AWSPREVIOUS": OLD}
    clock.advance(300)
    assert first(found) == NEW


def test_a_key_that_a_person_put_is_looked_for_within_seconds() -> None:
    """They put it and start a replay, which takes longer than this."""
    assert LOOK_SECONDS <= 5


@pytest.mark.parametrize("wrong", ['sk_live_1"', "sk_live_\u00e4"])
def test_a_traceback_of_a_wrong_secret_does_not_hold_it(wrong: str, clock: SettableClock) -> None:
    """The error that it comes from would quote it, and a log prints the whole chain."""
    with pytest.raises(SettingsError) as raised:
        first(credential(SecretStore(wrong), clock))
    told = "".join(traceback.format_exception(raised.value))
    assert "sk_live_" not in told
