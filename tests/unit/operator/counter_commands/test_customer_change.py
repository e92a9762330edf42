"""A command about a customer says what it changes, and refuses what looks like a mistake."""

import json
from collections.abc import Mapping

import pytest

from functions.operator.command_line import main
from functions.operator.counter_commands import customer_change
from functions.operator.counter_commands.stack import Stack
from functions.reconciliation.commands import Command
from functions.usage.errors import Permanent

ACME = {
    "status": "active",
    "limit": 100_000,
    "used": 3,
    "ratePerSecond": 50.0,
    "burst": 50,
    "period": "month",
    "anchorDay": 1,
}
DIGEST = "ab" * 32
GRANT = ["grant", "--customer", "cus_acme", "--rate", "50", "--burst", "50", "--period", "month"]
KEY = ["api-key", "--key-id", "key_1", "--environment", "live", "--sha256", DIGEST, "--customer"]


class Answering(Stack):
    """Counters that say this of their customers, and carry a command out once it is sent."""

    says: dict[str, dict[str, object]]
    keys: dict[str, dict[str, str]]
    sent: list[dict[str, object]]
    carries_out: bool = True

    def inspect(self, question: Mapping[str, object]) -> str:
        found = self.says.get(str(question["customerId"]), {"similar": ["cus_acme"]})
        return json.dumps(found | {"apiKey": self.keys.get(str(question.get("apiKeySha256")))})

    def send(self, command: Command) -> str:
        fields = json.loads(command.model_dump_json(by_alias=True, exclude_none=True))
        self.sent.append(fields)
        if self.carries_out:
            customer = str(fields["customerId"])
            if fields["kind"] != "credential":  # a key makes no customer known
                self.says[customer] = {"status": "active"} | self.says.get(customer, {}) | fields
            self.keys[str(fields.get("apiKeySha256"))] = {
                name: str(fields.get(name)) for name in ("customerId", "keyId")
            }
        return "message-1"


@pytest.fixture
def stack() -> Answering:
    """Counters that know one customer."""
    found = Answering("queue", "function", "configuration", "ledger")
    found.says, found.keys, found.sent = {"cus_acme": dict(ACME)}, {}, []
    return found


def run(stack: Stack, *words: str) -> int:
    return main(["counters", *words], find=lambda _: stack)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            [*GRANT, "--limit", "500000"],
            (
                "cus_acme api_calls: limit 100000 -> 500000, rate 50 as before, "
                "burst 50 as before, period month as before; used 3 of this period"
            ),
        ),
        (["suspend", "--customer", "cus_acme"], "cus_acme: status active -> suspended"),
        (["resume", "--customer", "cus_acme"], "cus_acme: status active as before"),
        (
            ["close", "--customer", "cus_new", "--new"],
            "cus_new (new customer): status none -> closed",
        ),
        (
            ["usage-plan", "--customer", "cus_acme", "--usage-identifier", "plan-key"],
            "cus_acme: usage plan's key none -> plan-key",
        ),
        (["shadow", "--customer", "cus_acme"], "cus_acme: mode the stack's -> shadow"),
        (
            ["enforce", "--customer", "cus_acme", "--as-deployed"],
            "cus_acme: mode the stack's as before",
        ),
        ([*KEY, "cus_acme"], "cus_acme: API key abababab nobody's -> cus_acme (key_1)"),
        (
            [*KEY, "cus_new", "--new"],
            "cus_new (new customer): API key abababab nobody's -> cus_new (key_1)",
        ),
    ],
)
def test_before_and_after_are_said_and_that_it_is_in_force(
    stack: Answering, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person sees what was there, what is now, and that the counters have it."""
    assert run(stack, *words) == 0
    change, sent, in_force = capsys.readouterr().out.splitlines()
    assert change == said
    assert sent.startswith("sent ")
    assert in_force.startswith("in force after ")


def test_a_new_customer_s_grant_says_that_it_is_one(
    stack: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    """A grant makes a customer: a typing error shows by the word new."""
    words = [*GRANT, "--limit", "9"]
    words[words.index("cus_acme")] = "cus_amce"
    assert run(stack, *words) == 0
    assert capsys.readouterr().out.startswith(
        "cus_amce api_calls (new customer): limit none -> 9, rate none -> 50"
    )


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["suspend", "--customer", "cus_amce"], "--new"),
        (["resume", "--customer", "cus_amce"], "similar: cus_acme"),
        (["close", "--customer", "cus_amce"], "nobody knows it"),
        (["usage-plan", "--customer", "cus_amce"], "grant first"),
        (["shadow", "--customer", "cus_amce"], "similar: cus_acme"),
        ([*KEY, "cus_amce"], "--customer cus_amce"),
        ([*GRANT, "--limit", "3"], "--yes"),
        ([*GRANT, "--limit", "2"], "used 3 in this period"),
    ],
)
def test_what_looks_like_a_mistake_is_refused_and_not_sent(
    stack: Answering, words: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody stays unsuspended after a typing error."""
    assert run(stack, *words) == 2
    assert named in capsys.readouterr().err
    assert not stack.sent


def test_a_key_of_another_customer_moves_by_a_word_only(
    stack: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its next calls would be another's bill."""
    stack.keys[DIGEST] = {"customerId": "cus_globex", "keyId": "key_9"}
    assert run(stack, *KEY, "cus_acme") == 2
    assert "the API key is cus_globex's" in capsys.readouterr().err
    assert not stack.sent
    assert run(stack, *KEY, "cus_acme", "--yes") == 0
    assert "cus_globex (key_9) -> cus_acme (key_1)" in capsys.readouterr().out


def test_a_limit_below_the_use_goes_with_a_word(stack: Answering) -> None:
    """An operator may stop a customer at once."""
    assert run(stack, *GRANT, "--limit", "3", "--yes") == 0
    assert len(stack.sent) == 1


@pytest.mark.parametrize("verb", ["suspend", "close", "resume"])
def test_who_is_in_shadow_is_not_said_to_be_refused(
    stack: Answering, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A suspension that lets all calls pass would be believed."""
    stack.says["cus_acme"]["mode"] = "shadow"
    assert run(stack, verb, "--customer", "cus_acme") == 0
    out = capsys.readouterr().out
    assert ("its calls pass all the same" in out) is (verb != "resume")
    assert ("counters enforce --customer cus_acme" in out) is (verb != "resume")


LATER = ["--start", "2999-01-01T00:00:00Z", "--end", "2999-02-01T00:00:00Z"]
GRANT_LATER = [*GRANT[:-2], *LATER]


def test_a_grant_of_another_time_ends_the_one_of_now_by_a_word_only(
    stack: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was used now says nothing of its limit, and nobody waits for the next century."""
    assert run(stack, *GRANT_LATER, "--limit", "500000") == 2
    assert "until then it has none; give --yes" in capsys.readouterr().err
    assert not stack.sent
    assert run(stack, *GRANT_LATER, "--limit", "2", "--yes") == 0
    assert "its window is not now" in capsys.readouterr().out


def test_a_newcomers_grant_may_begin_later(
    stack: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no other that it could end."""
    words = ["cus_new" if word == "cus_acme" else word for word in GRANT_LATER]
    assert run(stack, *words, "--limit", "2") == 0
    assert "not in force" not in capsys.readouterr().out


def test_a_command_that_is_not_carried_out_is_told(
    stack: Answering, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, and whoever sent it knows that it is not in force."""
    monkeypatch.setattr(customer_change, "PATIENCE_SECONDS", 0.0)
    stack.carries_out = False
    assert run(stack, "suspend", "--customer", "cus_acme") == 0
    out = capsys.readouterr().out
    assert "not in force after 0 s, and kept" in out
    assert "greater --version stands, or a limit that Aforo stated since" in out


def test_without_counters_a_command_is_sent_and_said_to_be_unchecked(
    stack: Answering, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis may be away for hours; a suspension must not wait for it in somebody's head."""

    def away(_self: Stack, _question: Mapping[str, object]) -> str:
        raise Permanent("the reconciliation function failed: Retryable")

    monkeypatch.setattr(Answering, "inspect", away)
    assert run(stack, "suspend", "--customer", "cus_amce") == 0
    assert len(stack.sent) == 1
    assert "not checked" in capsys.readouterr().err


def test_show_of_nobody_is_no_answer(stack: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    """A page of nulls would pass for a customer's state."""
    assert run(stack, "show", "--customer", "cus_amce") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no customer cus_amce" in captured.err
    assert "similar: cus_acme" in captured.err


@pytest.mark.parametrize(("customers", "words"), [(0, []), (0, ["--yes"]), (3, [])])
def test_lost_counters_are_not_opened_by_mistake(
    stack: Answering,
    customers: int,
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Opened empty, they would say that nobody has used anything."""
    said = json.dumps({"generation": None, "customers": customers, "signingKeys": []})
    monkeypatch.setattr(Answering, "tenant_findings", lambda _: said)
    monkeypatch.setattr(Answering, "has_granted", lambda _: True)
    monkeypatch.setattr(Answering, "send", lambda _, __: "message-1")
    is_refused = customers == 0 and not words
    assert run(stack, "open", *words) == (2 if is_refused else 0)
    captured = capsys.readouterr()
    assert ("rebuild" in captured.err) == is_refused
    assert ("not open -> open" in captured.out) == (not is_refused)
