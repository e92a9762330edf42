"""The operator's command line."""

import io
import json
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from functions.operator.command_line import main
from functions.operator.counter_commands.sending import versioned
from functions.operator.counter_commands.stack import Stack
from functions.reconciliation.commands import Command
from functions.reconciliation.key_set import fetch_key_set
from functions.usage.errors import Permanent

API_KEY = "ak_a-key-that-must-not-leave"
GRANT = ["grant", "--customer", "cust_1", "--limit", "9", "--rate", "1"]


class SentCommands(Stack):
    """A stack that keeps what it is sent."""

    sent: list[dict[str, object]] = []  # noqa: RUF012 - emptied by the fixture
    # What the counters say of each customer; of others, that nobody knows them.
    known: dict[str, dict[str, object]] = {}  # noqa: RUF012 - as above
    keys: dict[str, dict[str, str]] = {}  # noqa: RUF012 - as above

    def send(self, command: Command) -> str:
        self.sent.append(json.loads(command.model_dump_json(by_alias=True, exclude_none=True)))
        return "message-1"

    def inspect(self, question: Mapping[str, object]) -> str:
        customer = str(question["customerId"])
        found: dict[str, object] = dict(self.known.get(customer, {"similar": ["cust_1"]}))
        for command in self.sent:
            if command.get("customerId") == customer:
                found |= {"status": "active", **command}
        digest = str(question.get("apiKeySha256", ""))
        owner = next((one for one in self.sent if one.get("apiKeySha256") == digest), None)
        if owner:
            self.keys[digest] = {name: str(owner[name]) for name in ("customerId", "keyId")}
        return json.dumps(found | {"apiKey": self.keys.get(digest)})

    def tenant_findings(self) -> str:
        return json.dumps({"generation": None, "customers": len(self.known), "signingKeys": []})

    def has_granted(self) -> bool:
        return True


@pytest.fixture
def stack() -> SentCommands:
    """A stack that was sent nothing yet."""
    SentCommands.sent.clear()
    SentCommands.known = {name: {"status": "active"} for name in ("c", "cust_1")}
    SentCommands.keys = {}
    return SentCommands("queue", "function", "configuration", "ledger")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["open"], {"kind": "open"}),
        (
            [*GRANT, "--burst", "2", "--period", "day"],
            {"kind": "grant", "customerId": "cust_1", "limit": 9, "period": "day", "burst": 2},
        ),
        (
            [*GRANT, "--burst", "2", "--start", "2026-11-01T00:00Z", "--end", "2026-12-01T00:00Z"],
            {"startMs": 1793491200000, "endMs": 1796083200000},
        ),
        (
            [*GRANT, "--burst", "2", "--period", "month", "--when-unknown", "deny"],
            {"allowWhenUnknown": False, "lagSeconds": 180.0},
        ),
        (["suspend", "--customer", "c"], {"kind": "status", "status": "suspended"}),
        (
            ["usage-plan", "--customer", "c", "--usage-identifier", "key-of-plan"],
            {"kind": "usage_plan", "customerId": "c", "usageIdentifier": "key-of-plan"},
        ),
        (["shadow", "--customer", "c"], {"kind": "mode", "customerId": "c", "mode": "shadow"}),
        (["enforce", "--customer", "c"], {"kind": "mode", "customerId": "c", "mode": "enforce"}),
        (["enforce", "--customer", "c", "--as-deployed"], {"kind": "mode", "customerId": "c"}),
        (["resume", "--customer", "c"], {"kind": "status", "status": "active"}),
        (["close", "--customer", "c"], {"kind": "status", "status": "closed"}),
        (
            ["revoke", "--jti", "t", "--until", "2026-12-01T00:00:00Z"],
            {"kind": "revocation", "jti": "t", "untilMs": 1796083200000},
        ),
    ],
)
def test_words_become_a_command(
    stack: SentCommands, words: list[str], expected: dict[str, object]
) -> None:
    """Each subcommand sends one command with what the operator said."""
    assert main(["counters", words[0], "--stack", "s", *words[1:]], find=lambda _: stack) == 0
    (sent,) = stack.sent
    assert sent.items() >= expected.items()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([*GRANT, "--burst", "2"], "period"),
        (["revoke", "--stack", "s", "--key-id", "key_1"], "--until or --hours"),
        ([*GRANT, "--burst", "-2", "--period", "day"], "--burst: must be at least 0"),
        ([*GRANT, "--burst", "2", "--start", "soon"], "--start"),
        (["suspend", "--stack", "s", "--customer", "no spaces"], "--customer: must be an id"),
        (["jwks", "--stack", "s", "--url", "http://example.com/jwks"], "give an https:// address"),
        (["jwks", "--stack", "s", "--file", "/does/not/exist"], "--file"),
        (["revoke", "--stack", "s", "--jti", "no spaces"], "--jti: must be an id"),
        (["open", "--stack", "s", "--yes", "--version", "0"], "--version: must be more than 0"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(
    stack: SentCommands, words: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused command leaves with status 2 and names the field; nothing is said to have come."""
    assert main(["counters", *words], find=lambda _: stack) == 2
    captured = capsys.readouterr()
    assert named in captured.err
    assert captured.out == ""
    assert not stack.sent


def test_only_the_digest_of_an_api_key_leaves(
    stack: SentCommands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key on stdin is sent as its SHA-256 and printed nowhere."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{API_KEY}\n"))
    words = ["api-key", "--stack", "s", "--customer", "c", "--key-id", "k"]
    assert main(["counters", *words, "--environment", "live"], find=lambda _: stack) == 0
    assert stack.sent[0]["apiKeySha256"] == sha256(API_KEY.encode()).hexdigest()
    assert API_KEY not in json.dumps(stack.sent) + capsys.readouterr().out


def test_a_digest_is_enough(stack: SentCommands) -> None:
    """Who kept only the SHA-256 of a key registers it by that; stdin is not read."""
    digest = sha256(API_KEY.encode()).hexdigest()
    words = ["api-key", "--stack", "s", "--customer", "c", "--key-id", "k", "--sha256", digest]
    assert main(["counters", *words, "--environment", "live"], find=lambda _: stack) == 0
    assert stack.sent[0]["apiKeySha256"] == digest


def test_a_digest_is_64_hex_digits(stack: SentCommands, capsys: pytest.CaptureFixture[str]) -> None:
    """A key given in its place would be sent in the clear: it is refused, and not repeated."""
    words = ["api-key", "--stack", "s", "--customer", "c", "--key-id", "k", "--sha256", API_KEY]
    assert main(["counters", *words, "--environment", "live"], find=lambda _: stack) == 2
    refused = capsys.readouterr().err
    assert "--sha256" in refused
    assert API_KEY not in refused
    assert not stack.sent


def test_a_generated_api_key_is_shown_once(
    stack: SentCommands, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--generate` prints the key whose digest was sent."""
    words = ["api-key", "--stack", "s", "--customer", "c", "--key-id", "k", "--generate"]
    assert main(["counters", *words, "--environment", "sandbox"], find=lambda _: stack) == 0
    key = capsys.readouterr().out.split("this once: ")[1].split()[0]
    assert stack.sent[0]["apiKeySha256"] == sha256(key.encode()).hexdigest()


def test_a_guessable_api_key_is_refused(
    stack: SentCommands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A short key, or an empty stdin, is refused: its SHA-256 would not hide it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
    words = ["api-key", "--stack", "s", "--customer", "c", "--key-id", "k"]
    assert main(["counters", *words, "--environment", "live"], find=lambda _: stack) == 2
    assert "API key" in capsys.readouterr().err


def test_key_set_file_keeps_the_rsa_keys(stack: SentCommands, tmp_path: Path) -> None:
    """Keys of another type in the set are left out, RSA keys are sent."""
    key = {"kty": "RSA", "kid": "k1", "n": "A" * 342, "e": "AQAB"}
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [{"kty": "EC", "kid": "k2"}, key]}))
    assert (
        main(["counters", "jwks", "--stack", "s", "--file", str(file)], find=lambda _: stack) == 0
    )
    assert stack.sent[0]["keys"] == [{**key, "alg": "RS256", "use": "sig"}]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://10.0.0.1/"])
def test_keys_come_only_over_a_safe_road(url: str) -> None:
    """A key set read over plain HTTP from elsewhere could be anybody's."""
    with pytest.raises(Permanent, match="https"):
        fetch_key_set(url)


def test_a_version_is_the_moment_in_milliseconds() -> None:
    """As limits from Aforo and readings of the ledger are: of two statements the later one stands,
    whoever made it.
    """
    before_ms = time.time_ns() // 1_000_000
    assert before_ms <= versioned(None) <= time.time_ns() // 1_000_000
    assert versioned(7) == 7
