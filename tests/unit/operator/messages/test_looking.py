"""Looking at what waits, and saying what would be done, changes nothing."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.operator.command_line import main
from functions.operator.messages.dead_letters import DeadLetters
from functions.usage.message import to_body
from tests.fakes.dead_letter_client import DeadLetterClient, Kept
from tests.fakes.local_endpoints import write_endpoints
from tests.fakes.set_aside_messages import event, message, record

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

DOUBT = "2026-11-23T10:00:00.000Z"
AMBIGUOUS = message(
    [event(1), event(2, customer="cus_b")], {**record("ambiguous"), "maybeBilledSince": DOUBT}
)
UNREADABLE = {"version": 1, "unreadable": "{", "fault": "no JSON", "setAside": record("poison")}
BODIES = {
    "aaaa-1": to_body(AMBIGUOUS),
    "aaab-2": to_body(message([event(3)], record("config"), [record("auth")])),
    "bbbb-3": to_body(UNREADABLE),
    "cccc-4": "no JSON at all",
    "dddd-5": to_body(message([event(4)])),
    "eeee-6": '["a list"]',
    "ffff-7": to_body({"kind": "status", "customerId": "cus_c", "status": "closed", "version": 1}),
    "9999-8": to_body(
        {
            "version": 1,
            "settled": [{"key": "k", "customerId": "cus_d", "meter": "api_calls", "quantity": 1}],
        }
    ),
}

type Run = Callable[..., int]


def queue(before: Callable[[str], None] = lambda _: None) -> DeadLetterClient:
    return DeadLetterClient({name: Kept(body) for name, body in BODIES.items()}, before)


def runner(client: DeadLetterClient, endpoints: Path) -> Run:
    def run(*words: str) -> int:
        letters = DeadLetters(cast("SQSClient", client), "url", poll_seconds=0)
        return main(
            ["message", *words, "--endpoints", str(endpoints)], open_queue=lambda *_: letters
        )

    return run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return runner(queue(), write_endpoints(tmp_path, {}))


def test_the_list_says_of_each_why_it_waits(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Usage by its record or, moved by SQS, as a replay takes it; anything else by what it is."""
    assert run("list", "--format", "json") == 0
    rows = {row["messageId"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert {name: row["class"] for name, row in rows.items()} == {
        "aaaa-1": "ambiguous",
        "aaab-2": "config",
        "bbbb-3": "poison",
        "cccc-4": "unreadable",
        "dddd-5": "exhausted",
        "eeee-6": "unreadable",
        "ffff-7": "status",
        "9999-8": "settled",
    }
    first = rows["aaaa-1"]
    assert (first["maybeBilledSince"], first["events"]) == (DOUBT, 2)
    assert (first["customers"], first["meters"]) == (["cus_a", "cus_b"], ["api_calls"])
    assert (rows["bbbb-3"]["fault"], rows["dddd-5"]["reason"]) == ("no JSON", "received_too_often")
    assert (rows["9999-8"]["customers"], rows["ffff-7"]["customers"]) == (["cus_d"], ["cus_c"])


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--class", "config"], ["aaab-2"]),
        (["--reason", "received_too_often"], ["dddd-5"]),
        (["--customer", "cus_b"], ["aaaa-1"]),
        (["--customer", "cus_a", "--class", "ambiguous"], ["aaaa-1"]),
        (["--meter", "bytes"], []),
        (["--maybe-billed"], ["aaaa-1"]),
        (["--at-most", "1"], ["aaaa-1"]),
    ],
)
def test_filters_choose_rows(
    run: Run, capsys: pytest.CaptureFixture[str], words: list[str], ids: list[str]
) -> None:
    """In every form; what was looked at is said on stderr."""
    assert run("list", "--format", "csv", *words) == 0
    out, err = capsys.readouterr()
    assert [row["messageId"] for row in csv.DictReader(io.StringIO(out))] == ids
    assert "messages were looked at" in err


def test_a_table_has_a_line_for_each(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Under a head."""
    assert run("list") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["messageId", "class", "reason"]
    assert len(lines) == len(BODIES)


def test_a_message_is_shown_whole(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Found by how its id begins; a body that is no JSON as it is."""
    assert run("show", "aaab") == 0
    out = capsys.readouterr().out
    assert event(3)["idempotencyKey"] in out
    assert "history:" in out
    assert run("show", "aaab-2", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["body"] == BODIES["aaab-2"]
    assert run("show", "cccc") == 0
    assert "body: no JSON at all" in capsys.readouterr().out
    assert run("show", "bbbb-3", "--text") == 0
    assert capsys.readouterr().out == "{\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "zzzz"], "ID zzzz: not among the 8 messages that show"),
        (["show", "aaa"], "ID aaa: 2 messages begin with it: aaaa-1, aaab-2: give more of it"),
        (["show", ""], "ID : not among"),
        (["list", "--at-most", "0"], "--at-most: give 1 to 10000"),
        (["take", "aaaa-1", "--to", "{folder}", "--why", "w"], "--to {folder}: is there already"),
        (["take", "aaaa-1", "--to", "new", "--why", " "], "--why: say why"),
        (["decide", "aaaa-1", "--why", "w"], "say which keys Aforo has"),
        (
            ["decide", "aaaa-1", "--why", "w", "--send-lacking", "/no"],
            "--send-lacking /no: there is no such file",
        ),
        (["decide", "bbbb-3", "--why", "w", "--aforo-has", "all"], "it is no usage message"),
        (["repair", "bbbb-3", "--why", "w"], "correct the text"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_changed(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], said: str
) -> None:
    """With status 2."""
    assert run(*(word.format(folder=tmp_path) for word in words)) == 2
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert said.format(folder=tmp_path) in line
    assert out == ""


def test_what_a_replay_has_hidden_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It will show again; nobody took it."""
    client = queue()
    client.messages["aaaa-1"].is_visible = False
    assert runner(client, write_endpoints(tmp_path, {}))("show", "aaaa-1") == 2
    assert "1 are hidden, by a replay or another command" in capsys.readouterr().err


ID = st.sampled_from([*BODIES, "aaa", "zzzz"])
WHY = ["--why", "w"]
LOOKS = st.one_of(
    st.tuples(st.just("list"), st.sampled_from([(), ("--at-most", "3"), ("--class", "config")])),
    st.tuples(st.just("show"), ID.map(lambda name: (name,))),
    st.tuples(st.just("take"), ID.map(lambda name: (name, "--to", "/nowhere/new", *WHY))),
    st.tuples(st.just("decide"), ID.map(lambda name: (name, "--aforo-lacks", "all", *WHY))),
    st.tuples(st.just("repair"), ID.map(lambda name: (name, "--times-in-utc", *WHY))),
)


@settings(max_examples=60)
@given(steps=st.lists(st.tuples(LOOKS, st.none() | st.integers(0, 3)), max_size=6))
def test_no_sequence_of_looks_loses_or_doubles_a_message(
    steps: list[tuple[tuple[str, tuple[str, ...]], int | None]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Lists, shows and dry changes, some of which AWS ends in the middle: all that waited shows."""
    client = queue()
    run = runner(client, write_endpoints(tmp_path_factory.mktemp("looks"), {}))
    for (command, words), dies_at in steps:
        calls = iter(range(100))

        def before(effect: str, dies_at: int | None = dies_at, calls: object = calls) -> None:
            if effect == "receive" and next(calls) == dies_at:  # type: ignore[call-overload]
                raise EndpointConnectionError(endpoint_url="https://sqs")

        client.before = before
        assert run(command, *words) in {0, 2}
        assert {name: one.body for name, one in client.messages.items()} == BODIES
        assert all(one.is_visible for one in client.messages.values())
