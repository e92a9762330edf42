"""The connection: what goes wrong on a real wire."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
import redis

from functions.authorizer import redis_connection, redis_link
from functions.authorizer.counter_read import OPEN_SECONDS, CounterRead, Unknown
from functions.authorizer.redis_address import RedisAddress
from functions.authorizer.redis_connection import Command, Connection
from functions.authorizer.redis_link import LinkError, RedisLink
from functions.usage.errors import SettingsError
from tests.fakes.counter_store import CounterStore
from tests.fakes.settable_clock import SettableClock
from tests.fakes.silent_server import (
    Speak,
    drips,
    listening,
    says_nothing,
    signs_in_after,
    signs_in_when,
    speaks_http,
)
from tests.local.certificate import make_certificate
from tests.local.valkey import Valkey, start_valkey

ENOUGH_SECONDS = 30.0
LATE_SECONDS = 0.6  # after `at_once`


def soon() -> float:
    return time.monotonic() + ENOUGH_SECONDS


def at_once() -> float:
    """Long enough to connect, and over before a late answer comes."""
    return time.monotonic() + 0.3


def link_to(url: str) -> RedisLink:
    return RedisLink(RedisAddress.parse(url))


@contextmanager
def linked(
    speak: Speak, credential: "Signed | None" = None, scheme: str = "redis"
) -> Iterator[RedisLink]:
    """A link to a server that speaks like that."""
    with listening(speak) as port:
        address = RedisAddress.parse(f"{scheme}://127.0.0.1:{port}")
        with closing(RedisLink(address, credential)) as link:
            yield link


def linked_by_tls(
    speak: Speak, credential: "Signed | None" = None
) -> AbstractContextManager[RedisLink]:
    return linked(speak, credential, "rediss")


@pytest.fixture
def client(valkey: Valkey) -> Iterator["redis.Redis"]:
    """The test's own way to the session's Valkey, emptied."""
    client = redis.Redis.from_url(valkey.url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules are tested, not this machine's speed: with 50 ms a busy one would fail them."""
    monkeypatch.setattr(redis_link, "TLS_CONNECT_SECONDS", ENOUGH_SECONDS)
    monkeypatch.setattr(redis_link, "SIGN_IN_SECONDS", ENOUGH_SECONDS)
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", ENOUGH_SECONDS)


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey that the test may freeze and kill."""
    with start_valkey(tmp_path) as server:
        yield server


def test_the_fake_answers_as_redis_does(valkey: Valkey, client: "redis.Redis") -> None:
    """What unit tests believe of the store is what the store does."""
    client.set("text", "ä1")
    client.hset("hash", mapping={"a": "1", "b": ""})
    commands: list[Command] = [
        ("GET", "text"),
        ("GET", "absent"),
        ("EXISTS", "text"),
        ("EXISTS", "absent"),
        ("HMGET", "hash", "a", "b", "c"),
        ("HMGET", "absent", "a"),
        ("HVALS", "hash"),
        ("HVALS", "absent"),
    ]
    fake = CounterStore(strings={"text": "ä1"}, hashes={"hash": {"a": "1", "b": ""}})
    link = link_to(valkey.url)
    assert link.exchange(commands, soon()) == fake.exchange(commands, soon())
    link.close()


def test_answers_of_any_size(valkey: Valkey, client: "redis.Redis") -> None:
    """Also one that takes many reads."""
    client.set("big", "x" * 1_000_000)
    link = link_to(valkey.url)
    assert link.exchange([("GET", "big"), ("EXISTS", "big")], soon()) == ["x" * 1_000_000, 1]
    link.close()


def test_a_database_is_selected(valkey: Valkey, client: "redis.Redis") -> None:
    """The number in the URL's path."""
    client.set("where", "0")
    link = link_to(valkey.url.removesuffix("/0") + "/3")
    assert link.exchange([("GET", "where")], soon()) == [None]
    link.close()


def test_one_connection_is_kept(valkey: Valkey, client: "redis.Redis") -> None:
    """For all questions."""
    link = link_to(valkey.url)
    before = client.info("stats")["total_connections_received"]
    for _ in range(10):
        link.exchange([("GET", "a")], soon())
    assert client.info("stats")["total_connections_received"] == before + 1
    link.close()


def test_a_connection_that_was_closed_meanwhile(valkey: Valkey, client: "redis.Redis") -> None:
    """Is opened again within the same question: an idle environment's first caller is served."""
    client.set("a", "1")
    link = link_to(valkey.url)
    link.exchange([("GET", "a")], soon())
    client.client_kill_filter(_type="normal", skipme=True)
    assert link.exchange([("GET", "a")], soon()) == ["1"]
    link.close()


def test_an_error_is_not_an_answer(valkey: Valkey, client: "redis.Redis") -> None:
    """One bad reply spoils the exchange; the next one starts on a clean connection."""
    client.set("text", "1")
    link = link_to(valkey.url)
    with pytest.raises(LinkError, match="redis_wrongtype"):
        link.exchange([("HMGET", "text", "a"), ("GET", "text")], soon())
    assert link.exchange([("GET", "text")], soon()) == ["1"]
    link.close()


def test_a_late_answer_is_never_the_next_ones(own_valkey: Valkey) -> None:
    """A frozen server answers after we have given up: that answer goes nowhere."""
    link = link_to(own_valkey.url)
    link.exchange([("GET", "warm")], soon())
    own_valkey.freeze()
    with pytest.raises(LinkError, match="timeout"):
        link.exchange([("EXISTS", "a")], at_once())
    own_valkey.thaw()
    assert link.exchange([("GET", "b")], soon()) == [None]
    link.close()


def test_a_dead_server(own_valkey: Valkey) -> None:
    """Killed with a connection open, and gone afterwards."""
    link = link_to(own_valkey.url)
    link.exchange([("GET", "a")], soon())
    own_valkey.kill()
    for _ in range(2):
        with pytest.raises(LinkError, match="unreachable"):
            link.exchange([("GET", "a")], soon())


@pytest.mark.parametrize(
    ("speak", "reason", "seconds"),
    [
        (says_nothing, "timeout", 0.2),
        (drips, "timeout", 0.2),
        (speaks_http, "not_redis", ENOUGH_SECONDS),
    ],
)
def test_a_server_that_is_no_redis(speak: Speak, reason: str, seconds: float) -> None:
    """The deadline is for the whole answer: one that drips does not outlast it."""
    with linked(speak) as link, pytest.raises(LinkError, match=reason):
        link.exchange([("GET", "a")], time.monotonic() + seconds)


def test_a_deadline_that_has_passed(valkey: Valkey) -> None:
    """Nothing is asked; a socket would take "no time left" for "wait for ever"."""
    with pytest.raises(LinkError, match="timeout"):
        link_to(valkey.url).exchange([("GET", "a")], time.monotonic() - 1)


def test_a_name_that_cannot_be_resolved() -> None:
    """Is an error like any other."""
    with pytest.raises(LinkError, match="unreachable"):
        link_to(f"redis://{'a' * 64}.invalid").exchange([("GET", "a")], soon())


class Signed:
    """A credential provider that counts how often it is asked."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.times = 0

    def get_credentials(self) -> tuple[str, str]:
        self.times += 1
        return "reader", self.password


def test_a_reader_needs_no_more_than_four_commands(
    own_valkey: Valkey,
) -> None:
    """The read-only user of the authorizer; it signs in anew with every connection."""
    with redis.Redis.from_url(own_valkey.url) as admin:
        admin.execute_command(
            "ACL", "SETUSER", "reader", "on", ">word", "%R~*", "+get", "+hmget", "+exists", "+hvals"
        )
    credential = Signed("word")
    link = RedisLink(RedisAddress.parse(own_valkey.url), credential)
    asked: list[Command] = [("GET", "a"), ("HMGET", "b", "c"), ("EXISTS", "d"), ("HVALS", "e")]
    for _ in range(2):
        assert link.exchange(asked, soon()) == [None, [None], 0, []]
    assert credential.times == 1
    with pytest.raises(LinkError, match="redis_noperm"):
        link.exchange([("SET", "a", "1")], soon())
    assert link.exchange(asked, soon()) == [None, [None], 0, []]
    assert credential.times == 2
    link.close()


def test_a_refusal_of_the_last_may_be_forgiven(own_valkey: Valkey) -> None:
    """A user that may not ask for the watermark, or a watermark of another kind: none, no fault."""
    with redis.Redis.from_url(own_valkey.url) as admin:
        admin.set("text", "1")
        admin.execute_command("ACL", "SETUSER", "reader", "on", ">word", "%R~*", "+get", "+hmget")
    asked: list[Command] = [("GET", "text"), ("HVALS", "text")]
    link = RedisLink(RedisAddress.parse(own_valkey.url), Signed("word"))
    for each in (link, link_to(own_valkey.url)):
        assert each.exchange(asked, soon(), forgiven=1) == ["1", None]
        with pytest.raises(LinkError, match=r"redis_(noperm|wrongtype)"):
            each.exchange(asked, soon())
        with pytest.raises(LinkError, match=r"redis_wrongtype"):
            each.exchange([("HMGET", "text", "a"), ("GET", "text")], soon(), forgiven=1)
        each.close()


def test_a_wrong_password(own_valkey: Valkey) -> None:
    """Is said as such."""
    link = RedisLink(RedisAddress.parse(own_valkey.url), Signed("wrong"))
    with pytest.raises(LinkError, match="redis_wrongpass"):
        link.exchange([("GET", "a")], soon())


def test_no_credential_to_sign_with(valkey: Valkey) -> None:
    """A deployment's fault reaches the reader as a reason, not as an exception."""

    class Unsigned:
        def get_credentials(self) -> tuple[str, str]:
            raise SettingsError("AWS_ACCESS_KEY_ID: is not set")

    link = RedisLink(RedisAddress.parse(valkey.url), Unsigned())
    with pytest.raises(LinkError, match="no_credential"):
        link.exchange([("GET", "a")], soon())


# ---- a sign-in that takes its time -----------------------------------------------------------


@pytest.mark.usefixtures("patience")
def test_a_sign_in_may_take_longer_than_an_answer() -> None:
    """ElastiCache looks at an IAM token then, and nobody says for how long: all questions of the
    request that had to sign in are answered, though their time is up.
    """
    credential = Signed("token")
    with linked(signs_in_after(LATE_SECONDS), credential) as link:
        deadline = at_once()
        for _ in range(2):
            assert link.exchange([("GET", "a")], deadline) == [None]
    assert credential.times == 1


def test_a_sign_in_that_takes_longer_still_is_finished_by_a_later_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not begun anew, which would never end."""
    monkeypatch.setattr(redis_link, "SIGN_IN_SECONDS", 0.1)
    credential, told = Signed("token"), threading.Event()
    with linked(signs_in_when(told), credential) as link:
        for _ in range(4):
            with pytest.raises(LinkError, match="signing_in"):
                link.exchange([("GET", "a")], at_once())
        told.set()
        assert link.exchange([("GET", "a")], soon()) == [None]
    assert credential.times == 1


def test_a_sign_in_that_is_never_answered_keeps_one_call_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others have what time they always have, on whichever connection."""
    monkeypatch.setattr(redis_link, "SIGN_IN_SECONDS", 1.0)
    monkeypatch.setattr(redis_connection, "GREETING_SECONDS", 1.2)
    credential, given, hear = Signed("token"), [], Connection.hear_greeting

    def noting(connection: Connection, deadline: float) -> None:
        given.append(deadline)
        hear(connection, deadline)

    monkeypatch.setattr(Connection, "hear_greeting", noting)
    with linked(says_nothing, credential) as link:
        deadlines = [at_once()]
        with pytest.raises(LinkError, match="signing_in"):
            link.exchange([("GET", "a")], deadlines[0])
        while credential.times == 1:
            deadlines.append(at_once())
            with pytest.raises(LinkError, match="signing_in"):
                link.exchange([("GET", "a")], deadlines[-1])
    assert given[0] > deadlines[0]
    assert given[1:] == deadlines[1:]


def test_a_sign_in_that_was_closed_meanwhile_is_begun_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Within the next question, as any connection."""
    monkeypatch.setattr(redis_link, "SIGN_IN_SECONDS", 0.1)
    hang_up, has_hung_up = threading.Event(), threading.Event()
    answers = signs_in_after(0.0)

    def hangs_up_first(connection: socket.socket, stopped: threading.Event) -> None:
        if hang_up.is_set():
            answers(connection, stopped)
        else:
            hang_up.wait(ENOUGH_SECONDS)
            connection.close()
            has_hung_up.set()

    credential = Signed("token")
    with linked(hangs_up_first, credential) as link:
        with pytest.raises(LinkError, match="signing_in"):
            link.exchange([("GET", "a")], at_once())
        hang_up.set()
        assert has_hung_up.wait(ENOUGH_SECONDS)
        assert link.exchange([("GET", "a")], soon()) == [None]
    assert credential.times == 2


def test_the_breaker_does_not_keep_a_slow_sign_in_from_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three callers learn nothing, those after them do not even wait, then all is well."""
    monkeypatch.setattr(redis_link, "SIGN_IN_SECONDS", 0.1)
    credential, told, clock = Signed("token"), threading.Event(), SettableClock()
    with linked(signs_in_when(told), credential) as link:
        counters = CounterRead(link, tenant="acme", meter="api_calls", clock=clock)

        def reason(deadline: float) -> str:
            found = counters.key_set(deadline)
            assert isinstance(found, Unknown)
            return found.reason

        assert [reason(at_once()) for _ in range(3)] == ["signing_in"] * 3
        told.set()
        assert reason(soon()) == "breaker_open"
        clock.advance(OPEN_SECONDS)
        assert reason(soon()) == "no_generation"
    assert credential.times == 1


# ---- TLS ------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, with its key, signed by itself."""
    path = tmp_path / "redis.pem"
    path.write_bytes(b"".join(part.read_bytes() for part in make_certificate(tmp_path)))
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, believed by whoever asks the machine whom to believe."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


def without_tls(certificate: Path, speak: Speak) -> Speak:
    """Takes TLS off."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def speak_plainly(connection: socket.socket, stopped: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            speak(secure, stopped)

    return speak_plainly


def behind_tls(certificate: Path, valkey: Valkey, questions: int = 1000) -> Speak:
    """Takes TLS off and hands everything on to a Valkey; closes after so many questions."""

    def hand_on(secure: socket.socket, stopped: threading.Event) -> None:
        with socket.create_connection(("127.0.0.1", valkey.port)) as plain:
            left = questions
            while left and (asked := secure.recv(65_536)):
                left -= 1
                plain.sendall(asked)
                secure.sendall(plain.recv(65_536))

    return without_tls(certificate, hand_on)


@pytest.mark.usefixtures("patience")
def test_tls_with_a_certificate_that_is_trusted(
    valkey: Valkey, client: "redis.Redis", trusted: Path
) -> None:
    """`rediss://` asks over TLS and keeps the connection."""
    client.set("a", "1")
    with linked_by_tls(behind_tls(trusted, valkey)) as link:
        for _ in range(3):
            assert link.exchange([("GET", "a")], soon()) == ["1"]


@pytest.mark.usefixtures("patience")
def test_tls_with_an_answer_of_many_records(trusted: Path) -> None:
    """What TLS has decrypted already is read before more is waited for; also in two pieces."""
    answer = b"$300000\r\n" + b"x" * 300_000 + b"\r\n:1\r\n"

    def speak(secure: socket.socket, stopped: threading.Event) -> None:
        while secure.recv(65_536):
            secure.sendall(answer[:200_001])
            stopped.wait(0.02)
            secure.sendall(answer[200_001:])

    with linked_by_tls(without_tls(trusted, speak)) as link:
        for _ in range(3):
            asked: list[Command] = [("GET", "big"), ("EXISTS", "big")]
            assert link.exchange(asked, soon()) == ["x" * 300_000, 1]


@pytest.mark.usefixtures("patience")
def test_tls_that_was_closed_meanwhile(
    valkey: Valkey, client: "redis.Redis", trusted: Path
) -> None:
    """Is opened again, as without TLS."""
    client.set("a", "1")
    with linked_by_tls(behind_tls(trusted, valkey, questions=1)) as link:
        for _ in range(3):
            assert link.exchange([("GET", "a")], soon()) == ["1"]


@pytest.mark.usefixtures("patience")
def test_a_handshake_is_not_taken_from_the_answer(
    valkey: Valkey, client: "redis.Redis", trusted: Path
) -> None:
    """All questions of the request that had to connect are answered, though their time is up."""
    client.set("a", "1")
    hand_on = behind_tls(trusted, valkey)

    def slowly(connection: socket.socket, stopped: threading.Event) -> None:
        stopped.wait(LATE_SECONDS)
        hand_on(connection, stopped)

    with linked_by_tls(slowly) as link:
        deadline = at_once()
        for _ in range(2):
            assert link.exchange([("GET", "a")], deadline) == ["1"]


@pytest.mark.usefixtures("patience")
def test_tls_and_a_sign_in_that_takes_its_time(trusted: Path) -> None:
    """As on ElastiCache: each has its own limit, and the question behind them its whole time."""
    answers = without_tls(trusted, signs_in_after(LATE_SECONDS))
    with linked_by_tls(answers, Signed("token")) as link:
        assert link.exchange([("GET", "a")], at_once()) == [None]


@pytest.mark.usefixtures("patience")
def test_tls_with_a_certificate_that_is_not(valkey: Valkey, certificate: Path) -> None:
    """Anybody can sign a certificate: no question is asked over it."""
    answers = behind_tls(certificate, valkey)
    with linked_by_tls(answers) as link, pytest.raises(LinkError, match="unreachable"):
        link.exchange([("GET", "a")], soon())


def test_tls_that_never_comes() -> None:
    """A handshake that hangs has a limit of its own."""
    with linked_by_tls(says_nothing) as link, pytest.raises(LinkError, match="timeout"):
        link.exchange([("GET", "a")], at_once())
