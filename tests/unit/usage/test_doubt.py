"""What the forwarder will find doubtful, as a dry run foresees it."""

import pytest

from functions.usage.doubt import history_doubt_ms
from functions.usage.message import SetAsideRecord, UsageMessage
from functions.usage.moment import epoch_ms_from_iso
from tests.fakes.set_aside_messages import event, message, record

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


def test_a_message_without_a_history_is_not_doubtful() -> None:
    """It was never set aside."""
    back = message([event(1)])
    assert "history" not in back
    assert history_doubt_ms(back) is None
