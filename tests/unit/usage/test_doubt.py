"""What the forwarder will find doubtful, as a dry run foresees it."""

import pytest

from functions.usage.doubt import history_doubt_ms, ledger_doubt_ms, recorded_doubt_ms
from functions.usage.ledger_row import LedgerRow
from functions.usage.message import SetAsideRecord, UsageMessage
from functions.usage.moment import epoch_ms_from_iso
from tests.fakes.set_aside_messages import event, message, record
from tests.fakes.settled_row import settled_row

EARLY, LATE = "2026-11-20T10:00:00.000Z", "2026-11-21T10:00:00.000Z"


def told(since: str | None, kind: str = "exhausted") -> SetAsideRecord:
    return {**record(kind), "maybeBilledSince": since}


@pytest.mark.parametrize(
    ("history", "since"),
    [
        ([told(None)], None),
        ([told(LATE), told(EARLY), told(None)], EARLY),
        ([record("config")], None),
        ([{**record("config"), "tries": 2}], record()["firstTriedAt"]),
        ([record("auth")], None),
        ([{**record("auth"), "tries": 2}], record()["firstTriedAt"]),
        ([record("exhausted")], record()["firstTriedAt"]),
        ([told(LATE), record("ambiguous")], LATE),
        ([], None),
    ],
)
def test_the_earliest_doubt_of_its_history_counts(
    history: list[SetAsideRecord], since: str | None
) -> None:
    """As written down; where nobody wrote it down, by the class and the tries."""
    back: UsageMessage = {**message([event(1)]), "history": history}
    assert history_doubt_ms(back) == (None if since is None else epoch_ms_from_iso(since))
    assert history_doubt_ms({**back, "decided": True}) is None


def _doubtful_row(settled_at: str) -> LedgerRow:
    since = "2026-11-01T10:00:00.000Z"
    return settled_row(
        "k", since, outcome="set_aside", settledAt=settled_at, maybeBilledSince=since
    )


def test_a_decision_ends_the_doubts_of_what_was_settled_up_to_it() -> None:
    """A row that was settled later may tell of a later try, too: its doubt stays."""
    decided_ms = epoch_ms_from_iso("2026-11-01T12:00:00.000Z")
    since_ms = epoch_ms_from_iso("2026-11-01T10:00:00.000Z")
    at_once, later = (_doubtful_row(f"2026-11-01T12:00:00.{millis}Z") for millis in ("000", "001"))
    assert ledger_doubt_ms(at_once, decided_ms) is None
    assert ledger_doubt_ms(later, decided_ms) == since_ms
    assert ledger_doubt_ms(at_once, None) == since_ms
    assert ledger_doubt_ms(settled_row("k", "2026-11-01T10:00:00.000Z"), None) is None


@pytest.mark.parametrize(
    ("kind", "tries", "is_doubtful"),
    [
        ("exhausted", 1, True),
        ("ambiguous", 1, True),
        ("auth", 1, False),
        ("poison", 1, False),
        ("auth", 2, True),
        ("poison", 2, True),
    ],
)
def test_what_nobody_wrote_down_as_certain_is_doubtful(
    kind: str, tries: int, *, is_doubtful: bool
) -> None:
    """Of an older writer: by its class, and by a second try, whose first may have arrived."""
    said: SetAsideRecord = {
        "setAsideClass": kind,
        "reason": "x",
        "status": None,
        "instance": None,
        "tries": tries,
        "firstTriedAt": "2026-11-01T10:00:00.000Z",
        "lastTriedAt": "2026-11-01T11:00:00.000Z",
    }
    first_ms = epoch_ms_from_iso("2026-11-01T10:00:00.000Z")
    assert recorded_doubt_ms(said) == (first_ms if is_doubtful else None)
    assert recorded_doubt_ms({**said, "maybeBilledSince": None}) is None


def test_a_message_without_a_history_is_not_doubtful() -> None:
    """It was never set aside."""
    back = message([event(1)])
    assert "history" not in back
    assert history_doubt_ms(back) is None
