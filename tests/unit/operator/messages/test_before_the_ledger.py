"""What was set aside because only an older ledger would know of it says what to do."""

from functions.operator.messages.queue_message import QueueMessage, summary_of
from functions.usage.message import to_body
from tests.fakes.set_aside_messages import event, message, record


def summary(reason: str) -> dict[str, object]:
    body = to_body(message([event(1)], {**record("ambiguous"), "reason": reason}))
    return summary_of(QueueMessage("id", "handle", body, sent_at_ms=0, receives=1))


def test_the_sentence_names_the_parameter_and_the_other_way_out() -> None:
    """Adopt the older ledger, or say that there is none."""
    said = str(summary("before_the_ledger")["fault"])
    assert "LedgerBucketName" in said
    assert "sendAmbiguous" in said
    assert "fault" not in summary("outside_dedup_window")
