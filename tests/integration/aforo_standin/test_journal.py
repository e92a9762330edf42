"""The book on disk: what a killed stand-in knows when it is started again."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.aforo_standin.test_process import HEADERS, process
from tests.local.aforo.console import Console
from tests.local.waiting import until

type Make = Callable[..., dict[str, Any]]

PATH = "/v1/ingest/batch"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book.jsonl"


def post(url: str, *events: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.post(
        f"{url}{PATH}", json={"events": events}, headers=HEADERS, trust_env=False
    ).json()
    return answer


def ledger(url: str) -> dict[str, Any]:
    with Console(url) as console:
        return console.ledger()


def kill(running: subprocess.Popen[bytes]) -> None:
    running.kill()
    running.wait()


def test_what_was_answered_survives_a_kill(book: Path, event: Make) -> None:
    """Accepted events, duplicates, conflicts and sums: the same book in the same order."""
    first, second = event(), event()
    with process("--book", str(book)) as (running, url):
        post(url, first, second)
        post(url, first, {**second, "quantity": 7})
        kept = {name: said for name, said in ledger(url).items() if name != "posts"}
        kill(running)
    assert (kept["accepted"], kept["duplicates"], kept["conflicts"]) == (2, 2, 1)
    with process("--book", str(book)) as (_, url), Console(url) as console:
        assert ledger(url).items() >= kept.items()
        assert console.events() == [first, second]
        assert post(url, first)["duplicates"] == 1


def test_a_kill_between_commit_and_answer_is_a_real_ambiguous_answer(
    book: Path, event: Make
) -> None:
    """The client gets no whole answer, and the book has the event: asked again, a duplicate."""
    one = event()
    with process("--book", str(book)) as (running, url), Console(url) as console:
        console.order_faults({"kind": "slow", "count": 1, "seconds": 60})
        with (
            httpx.Client(trust_env=False, timeout=60) as client,
            client.stream("POST", f"{url}{PATH}", json={"events": [one]}, headers=HEADERS) as cut,
        ):
            until(lambda: console.faults()[0]["applied"])
            kill(running)
            with pytest.raises(httpx.RemoteProtocolError):
                cut.read()
    with process("--book", str(book)) as (_, url):
        assert post(url, one)["duplicates"] == 1


def test_a_line_that_is_cut_is_of_a_post_that_nobody_was_answered(book: Path, event: Make) -> None:
    """It is dropped, also from the file: the next one stands in a line of its own."""
    first, second = event(), event()
    with process("--book", str(book)) as (_, url):
        post(url, first)
        post(url, second)
    book.write_bytes(book.read_bytes()[:-20])
    for _ in range(2):
        with process("--book", str(book)) as (_, url), Console(url) as console:
            assert console.events()[0] == first
            post(url, second)
    with process("--book", str(book)) as (_, url), Console(url) as console:
        assert console.events() == [first, second]


def reset(url: str) -> None:
    with Console(url) as console:
        console.reset()


@pytest.mark.parametrize("empty", [lambda url: httpx.delete(f"{url}/_ledger"), reset])
def test_an_emptied_book_stays_empty(
    book: Path, event: Make, empty: Callable[[str], object]
) -> None:
    """Emptied alone, or with all the rest, in the file as in memory."""
    with process("--book", str(book)) as (running, url):
        post(url, event())
        empty(url)
        kill(running)
    with process("--book", str(book)) as (_, url):
        assert ledger(url)["accepted"] == 0
