"""The forwarder's times fit into each other: the code's numbers against the template's."""

from typing import Any

from functions.adapters.aforo_http import (
    CONNECT_SECONDS,
    READ_SECONDS,
    SENDING_SECONDS,
    WRITE_SECONDS,
)
from functions.adapters.aws import CALL_SECONDS
from functions.forwarder import aforo_breaker, answer, heartbeats, holding
from functions.forwarder.forwarding import POST_RESERVE_MS
from functions.forwarder.putting_back import MOST_DELAY_SECONDS, VISIBILITY_SECONDS
from functions.forwarder.screening import FUTURE_TOLERANCE_MS, SLACK_MS
from functions.forwarder.settings import HOLD_SHARE_OF_WINDOW, ForwarderSettings
from tests.template.stack import functions, most, resources, template, timeout

FORWARDER = functions()["ForwarderFunction"]
QUEUE: dict[str, Any] = resources("AWS::SQS::Queue")["UsageQueue"]["Properties"]
SOURCE: dict[str, Any] = resources("AWS::Lambda::EventSourceMapping")["ForwarderSource"][
    "Properties"
]
PARAMETERS: dict[str, Any] = template()["Parameters"]
RESERVE_SECONDS = POST_RESERVE_MS / 1000


def default(parameter: str) -> int:
    return int(PARAMETERS[parameter]["Default"])


def test_a_post_that_begins_in_time_ends_in_time_and_so_does_what_follows() -> None:
    """The slowest sending, then a place of AWS that is away through all of its tries."""
    # The answer's first byte, all of it until its time is over, and the last piece of it.
    assert SENDING_SECONDS >= CONNECT_SECONDS + WRITE_SECONDS + 3 * READ_SECONDS
    assert SENDING_SECONDS + CALL_SECONDS <= RESERVE_SECONDS


def test_an_invocation_can_make_posts_before_its_last() -> None:
    """After reading the key with all tries, one post can still begin: no invocation is idle."""
    assert timeout(FORWARDER) >= RESERVE_SECONDS + CALL_SECONDS
    assert timeout(FORWARDER) >= RESERVE_SECONDS + SENDING_SECONDS
    assert timeout(FORWARDER) <= 900  # Lambda's most


def test_a_message_is_not_received_again_while_it_is_worked_on() -> None:
    """Received, collected for a batch, worked on, and AWS's headroom of six timeouts."""
    window = most(SOURCE["MaximumBatchingWindowInSeconds"])
    assert QUEUE["VisibilityTimeout"] >= 6 * timeout(FORWARDER) + window


def test_a_message_that_could_not_be_hidden_is_told_to_show_when_it_does() -> None:
    """What the counters are told of it rests on the queue's own time."""
    assert QUEUE["VisibilityTimeout"] == VISIBILITY_SECONDS


def test_waits_are_such_as_sqs_takes() -> None:
    """Delays end at 15 minutes, invisibility at 12 hours, of the longest hold too."""
    assert holding.MOST_SECONDS <= MOST_DELAY_SECONDS == 900
    assert answer.LONGEST_WAIT_SECONDS <= MOST_DELAY_SECONDS
    assert PARAMETERS["HoldSeconds"]["MaxValue"] / holding.WAITS_IN_A_HOLD <= 43_200


def test_the_hold_ends_while_aforo_remembers_and_while_sqs_keeps() -> None:
    """The last try of the default hold, crashed and tried once more, finds Aforo's memory; that of
    the longest hold finds the message.
    """
    late = holding.MOST_SECONDS + QUEUE["VisibilityTimeout"] + timeout(FORWARDER)
    assert default("HoldSeconds") + late <= default("DedupWindowSeconds")
    assert default("HoldSeconds") <= default("DedupWindowSeconds") * HOLD_SHARE_OF_WINDOW
    assert PARAMETERS["HoldSeconds"]["MaxValue"] + late <= QUEUE["MessageRetentionPeriod"]


def test_what_is_judged_to_be_remembered_is_posted_while_it_is() -> None:
    """Between the judging and the post lies an invocation at most; and clocks differ."""
    assert timeout(FORWARDER) * 1000 + FUTURE_TOLERANCE_MS <= SLACK_MS
    assert PARAMETERS["DedupWindowSeconds"]["MinValue"] * 1000 > SLACK_MS


def test_crashes_are_redriven_before_sqs_deletes_and_not_before_the_hold_ends() -> None:
    """A message whose every try crashes: 100 receives, a visibility timeout each."""
    receives = QUEUE["RedrivePolicy"]["maxReceiveCount"]
    assert receives * QUEUE["VisibilityTimeout"] >= default("HoldSeconds")
    assert receives * QUEUE["VisibilityTimeout"] <= QUEUE["MessageRetentionPeriod"]


def test_a_heartbeat_outlives_a_crash_and_not_its_receives() -> None:
    """One crash does not cost it; waiting does not redrive it."""
    assert QUEUE["VisibilityTimeout"] <= heartbeats.MOST_AGE_MS / 1000
    tries = heartbeats.MOST_AGE_MS / 1000 / heartbeats.WAIT_SECONDS
    assert tries < QUEUE["RedrivePolicy"]["maxReceiveCount"]
    assert aforo_breaker.QUIET_SECONDS >= holding.MOST_SECONDS


def test_a_held_message_tells_its_age_in_every_period_of_the_alarm() -> None:
    """It is tried at least that often."""
    alarm = resources("AWS::CloudWatch::Alarm")["HeldUsageAgeAlarm"]["Properties"]
    assert alarm["MetricName"] == "OldestHeldAge"
    assert alarm["Period"] >= holding.MOST_SECONDS


def test_every_process_has_a_share_of_the_rate() -> None:
    """With the most processes and the least rate it still may post an event a minute."""
    processes = [int(one) for one in PARAMETERS["ForwarderConcurrency"]["AllowedValues"]]
    assert PARAMETERS["AforoEventsPerMinute"]["MinValue"] >= max(processes)


def test_the_code_s_defaults_are_the_template_s() -> None:
    """Whoever reads one of them knows both."""
    fields = ForwarderSettings.model_fields
    assert {name: fields[name].default for name in ("hold_seconds", "dedup_window_seconds")} == {
        "hold_seconds": default("HoldSeconds"),
        "dedup_window_seconds": default("DedupWindowSeconds"),
    }
    assert fields["posts_at_once"].default == default("PostsAtOnce")
    assert fields["aforo_events_per_minute"].default == default("AforoEventsPerMinute")
    assert fields["forwarder_concurrency"].default == default("ForwarderConcurrency")
