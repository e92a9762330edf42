"""How a deployment is, on one screen."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from functions.operator.status.next_steps import next_steps
from functions.operator.status.stack_status import (
    AuditedStatus,
    ForwarderStatus,
    KeptStatus,
    QueueStatus,
    StackStatus,
    StatusPart,
)
from functions.operator.status.status_screen import (
    ScreenLine,
    Urgency,
    next_lines,
    status_screen,
)
from tests.fakes.statuses import AT, alarm, queues, run, status

SCREEN_LINES = 24


def lines_of(found: StackStatus) -> list[ScreenLine]:
    return [*status_screen(found), *next_lines(found, next_steps(found, None))]


def screen(found: StackStatus) -> str:
    return "\n".join(line.text for line in lines_of(found))


def test_a_calm_stack_fits_a_terminal_and_says_that_it_is_calm() -> None:
    """Every part is there, in words."""
    found = lines_of(status())
    assert len(found) <= SCREEN_LINES
    assert {line.urgency for line in found} <= {Urgency.PLAIN, Urgency.FAINT}
    text = screen(status())
    assert "stack aforo-metering in eu-central-1 at 2026-11-29T03:00:00.000Z" in text
    assert "alarms:        0 ring, 1 OK" in text
    assert "lag:           1.5 s from the log to the counters" in text
    assert "next:          nothing waits for a person" in text


def test_a_bad_night_on_one_screen() -> None:
    """What is wrong is loud, with its figures and what to do."""
    ringing = (alarm("UsageDeadLetterAlarm"), alarm("B", "OK"), alarm("C", "INSUFFICIENT_DATA"))
    letters = replace(queues(UsageDeadLetterQueue=3)[1], oldest_seconds=7_300.0)
    found = status(
        queues=(QueueStatus("UsageQueue", 1, 2, 61.0), letters),
        alarms=ringing,
        forwarder=ForwarderStatus(AT, 2, "outage", {"EventsHeld:outage": 2}, 75.0),
        kept=KeptStatus(3, {"no_customer": 2, "tamper": 1}, {"exhausted": 3}),
        lag_seconds=None,
        last_replay=run(moved=3),
        audited=AuditedStatus(AT, 12, 1, {"served": 9, "unaccounted": 1}),
        not_read=("the last audit: refused",),
    )
    text = screen(found)
    assert "UsageQueue                  1       2    61 s" in text
    assert "UsageDeadLetterQueue        3       0     2 h" in text
    assert "alarms:        1 ring, 1 OK, 1 without data" in text
    assert f"  UsageDeadLetterAlarm  ALARM since {AT}: it is 3" in text
    assert "    what to do: https://runbook#usagedeadletteralarm" in text
    assert (
        f"forwarder:     {AT}: EventsHeld:outage 2; stopped: outage; the oldest was 75 s old"
        in text
    )
    assert "quarantined:   no_customer 2, tamper 1" in text
    assert "set aside:     exhausted 3" in text
    assert "lag:           no heartbeat was counted in the last minutes" in text
    assert f"last replay:   one: SUCCEEDED {AT}, moved 3" in text
    assert f"until {AT}, 12 windows, 1 open: served 9, unaccounted 1" in text
    assert "not read:      the last audit: refused" in text
    assert "               aforo-metering replay start --dry-run" in text


@given(st.text(), st.text(min_size=1))
def test_no_text_of_others_breaks_the_screen(reason: str, name: str) -> None:
    """Reasons of alarms and names of classes may hold anything; a line stays a line."""
    kept = KeptStatus(set_aside_by_class={name: 1})
    found = status(alarms=(replace(alarm("A"), reason=reason),), kept=kept)
    for line in lines_of(found):
        assert line.text.isprintable()


def test_what_was_not_read_is_not_said_to_be_nothing() -> None:
    """An empty quarantine and one that nobody may list are not the same."""
    unread = ("the quarantine: AccessDenied", "the last audit: refused", "lag and ages: refused")
    text = screen(status(not_read=unread, lag_seconds=None))
    assert "quarantined:   not read" in text
    assert "last audit:    not read" in text
    assert "lag:           not read" in text
    assert "set aside:     nothing" in text
    assert "nothing waits for a person" not in text
    assert "next:          nothing in what was read, and not all was" in text
    partly = status(kept=KeptStatus(1, {"tamper": 1}), not_read=("the quarantine: only some",))
    assert "quarantined:   tamper 1" in screen(partly)


def test_a_ringing_alarm_waits_for_a_person() -> None:
    """Also where no command cures it: its section says what does."""
    found = status(alarms=(alarm("AuthorizerFailedAlarm"),))
    assert "nothing waits for a person" not in screen(found)
    assert "next:          1 alarm rings: what to do is said with each" in screen(found)


def test_what_nobody_may_read_never_looks_well() -> None:
    """A person without permission sees no "nothing", no count of alarms and no all-clear."""
    blind = status(
        queues=(),
        alarms=(),
        forwarder=None,
        lag_seconds=None,
        not_read=tuple(f"{one}: AWS does not let you" for one in ("queues", *StatusPart)),
    )
    lines = lines_of(blind)
    text = "\n".join(line.text for line in lines)
    assert "0 ring" not in text
    assert "none" not in text
    names = ("alarms", "forwarder", "quarantined", "set aside", "lag", "last audit", "audited")
    assert {f"{name + ':':<15}not read" for name in names} <= {line.text for line in lines}
    assert "next:          nothing in what was read, and not all was: see `not read`" in text
