"""The client for Aforo: whom it calls, and how much it listens."""

import socket
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from functions.adapters.aforo_http import (
    RESPONSE_BYTES,
    USER_AGENT,
    Caller,
    KeyHeader,
    aforo_client,
    read_capped,
)
from functions.usage.errors import SettingsError

HOSTS = ["ingest.aforo.ai", " Ingest-Sandbox.aforo.ai "]


@contextmanager
def serving(*pieces: bytes, pause_seconds: float = 0) -> Iterator[str]:
    """A server that takes one request and answers with `pieces`, a pause before each."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                try:
                    for piece in pieces:
                        time.sleep(pause_seconds)
                        connection.sendall(piece)
                except OSError:
                    return  # the client has heard enough

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


@pytest.mark.parametrize(
    "url",
    [
        "https://ingest.aforo.ai",
        "https://ingest-sandbox.aforo.ai/v1",
        "http://127.0.0.1:9",
        "http://localhost:9",
    ],
)
def test_allowed_hosts_are_called(url: str) -> None:
    """Over TLS, or this machine; nothing of the environment takes part."""
    with aforo_client(url, HOSTS) as client:
        assert not client.follow_redirects
        assert not client.trust_env


@pytest.mark.parametrize(
    "url",
    [
        "http://ingest.aforo.ai",
        "https://aforo.evil.example",
        "https://ingest.aforo.ai.evil.example",
        "https://evilingest.aforo.ai",
        "https://x.ingest.aforo.ai",
        "https://ingest.aforo.ai@evil.example",
        "https://key@ingest.aforo.ai",
        "https://ingest.aforo.ai/?a=b",
        "https://ingest.aforo.ai/#a",
        "ftp://ingest.aforo.ai",
        "ftp://127.0.0.1",
        "https://",
        "ingest.aforo.ai",
        "https://[",
        "",
    ],
)
def test_no_other_url_is_called(url: str) -> None:
    """The error names the variable."""
    with pytest.raises(SettingsError, match="AFORO_BASE_URL"):
        aforo_client(url, HOSTS)


def test_it_says_who_it_is() -> None:
    """The version is the project's; the credential stands in headers alone."""
    file = Path(__file__).parents[3] / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    assert f"{project['name']}/{project['version']}" == USER_AGENT
    assert Caller("tenant_1").headers("sk_live_1") == {
        "Authorization": "Bearer sk_live_1",
        "X-Tenant-Id": "tenant_1",
        "Content-Type": "application/json",
    }


def test_the_key_stands_in_one_header_only() -> None:
    """Aforo of October 2026 takes a Bearer value for a token and refuses it."""
    assert Caller("tenant_1", KeyHeader.X_API_KEY).headers("sk_live_1") == {
        "X-API-Key": "sk_live_1",
        "X-Tenant-Id": "tenant_1",
        "Content-Type": "application/json",
    }


def test_a_long_answer_is_cut() -> None:
    """A megabyte costs no more memory than the cap and one chunk."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"
    with (
        serving(head, b"x" * 1_048_576) as url,
        aforo_client(url, []) as client,
        client.stream("GET", "/") as answer,
    ):
        assert read_capped(answer) == b"x" * RESPONSE_BYTES


def test_a_whole_answer_is_whole() -> None:
    """Also in pieces."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    with (
        serving(head, b"ab", b"cd", pause_seconds=0.01) as url,
        aforo_client(url, []) as client,
        client.stream("GET", "/") as answer,
    ):
        assert read_capped(answer) == b"abcd"


def test_an_answer_that_drips_is_given_up() -> None:
    """Each read comes in time, the whole does not."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with (
        serving(head, *[b"x"] * 100, pause_seconds=0.02) as url,
        aforo_client(url, []) as client,
        client.stream("GET", "/") as answer,
        pytest.raises(httpx.ReadTimeout),
    ):
        read_capped(answer, seconds=0.1)


def test_a_redirect_is_not_followed() -> None:
    """A bearer key must not be taken elsewhere."""
    head = b"HTTP/1.1 307 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with serving(head) as url, aforo_client(url, []) as client:
        assert client.get("/").status_code == 307
