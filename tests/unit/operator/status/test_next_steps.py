"""What a person does next, by what is wrong."""

from dataclasses import replace
from typing import Any

import pytest

from functions.operator.command_line import command_line
from functions.operator.status.next_steps import NextStep, next_steps
from functions.operator.status.stack_status import AuditedStatus, ForwarderStatus, KeptStatus
from tests.fakes.statuses import AT, queues, run, status

HELD = ForwarderStatus(AT, 1, "outage", {"EventsHeld:outage": 2})
GIVEN_UP = ForwarderStatus(AT, 1, "outage", {"EventsSetAside:exhausted": 2})


def test_of_a_calm_stack_there_is_nothing_to_do() -> None:
    """Neither while an audit's window is open, nor while the last outage is in the log."""
    audited = AuditedStatus(AT, 12, 2, {"served": 3, "held": 1})
    calm = status(forwarder=GIVEN_UP, queues=queues(UsageQueue=3), audited=audited)
    assert next_steps(calm, None) == ()


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"queues": queues(UsageDeadLetterQueue=2)}, "replay start --dry-run"),
        (
            {"queues": queues(UsageDeadLetterQueue=2), "last_replay": run("RUNNING")},
            "replay follow one",
        ),
        (
            {"kept": KeptStatus(set_aside_by_class={"ambiguous": 1})},
            "message list --class ambiguous",
        ),
        ({"kept": KeptStatus(set_aside_by_class={"poison": 1})}, "message list --class poison"),
        ({"queues": queues(UsageQueue=2), "forwarder": HELD}, "status --watch 5"),
        ({"kept": KeptStatus(3, {"tamper": 3})}, "replay start --source quarantine --dry-run"),
        ({"queues": queues(CounterDeadLetterQueue=1)}, "message list --queue counters"),
        ({"last_replay": run("TIMED_OUT")}, "replay follow one"),
        ({"last_replay": run(trouble="it was stopped")}, "replay follow one"),
        ({"last_audit": run("FAILED")}, "audit follow one"),
        ({"audited": AuditedStatus(AT, 12, 1, {"unaccounted": 2})}, "audit show"),
    ],
)
def test_each_thing_that_is_wrong_has_its_command(changes: dict[str, Any], command: str) -> None:
    """It can be pasted as it stands: with the stack's name, and the command line knows it."""
    (step,) = next_steps(status(**changes), "prod")
    assert step.command == f"aforo-metering {command} --stack prod"
    (here,) = next_steps(status(**changes), None)
    assert here.command == f"aforo-metering {command}"
    command_line().parse_args(command.split(), print_error=False, exit_on_error=False)


@pytest.mark.parametrize(
    ("reason", "said", "command"),
    [
        ("outage", "it is sent when Aforo answers", "status --watch 5"),
        ("credential_refused", "mend the key", "logs forwarder --last 5"),
        ("clock_skew", "mend the key or the parameter", "logs forwarder --last 5"),
        ("answer_not_json", "ask Aforo's support", "logs forwarder --last 5"),
    ],
)
def test_what_does_not_end_by_itself_wants_a_person(reason: str, said: str, command: str) -> None:
    """To wait for a key that is refused is to wait for the hold."""
    held = replace(HELD, stopped=reason)
    (step,) = next_steps(status(queues=queues(UsageQueue=1), forwarder=held), None)
    assert said in step.why
    assert step.command == f"aforo-metering {command}"
    command_line().parse_args(command.split(), print_error=False, exit_on_error=False)


def test_money_comes_first() -> None:
    """Then what is late, then the quotas."""
    found = next_steps(
        status(
            queues=queues(UsageDeadLetterQueue=1, CounterDeadLetterQueue=1, UsageQueue=1),
            forwarder=HELD,
        ),
        None,
    )
    assert [step.why.partition(" ")[2] for step in found] == [
        "message set aside, not billed",
        "waits for Aforo (outage); it is sent when Aforo answers",
        "message not counted: quotas are wrong, bills are right",
    ]
    assert isinstance(found[0], NextStep)
