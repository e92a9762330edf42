"""The options of a replay are its input, as the Step Functions console takes it."""

import json

import pytest

from functions.operator.replays.replay_input import ReplayOptions, input_of
from functions.replay.order import NotUnderstood, read_order
from functions.usage.errors import Permanent
from functions.usage.outcome import SetAsideClass

ALL = ReplayOptions(
    source="usage",
    dry_run=True,
    max_messages=10,
    set_aside_class=(SetAsideClass.CONFIG, SetAsideClass.AUTH),
    customer="cus_a",
    older_than="2026-11-23T14:00:00Z",
    newer_than="2026-11-23T08:00:00Z",
    events_per_second=0.5,
    send_ambiguous=True,
)


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        (ReplayOptions(), {}),
        (ReplayOptions(dry_run=True), {"dryRun": True}),
        (ReplayOptions(max_messages=0), {"maxMessages": 0}),
        (
            ReplayOptions(source="quarantine", reason=("no_customer",)),
            {"source": "quarantine", "filter": {"reason": ["no_customer"]}},
        ),
        (
            ALL,
            {
                "source": "usage",
                "dryRun": True,
                "maxMessages": 10,
                "eventsPerSecond": 0.5,
                "sendAmbiguous": True,
                "filter": {
                    "class": ["config", "auth"],
                    "customerId": "cus_a",
                    "olderThan": "2026-11-23T14:00:00Z",
                    "newerThan": "2026-11-23T08:00:00Z",
                },
            },
        ),
    ],
)
def test_options_are_fields_of_the_input(options: ReplayOptions, fields: dict[str, object]) -> None:
    """What was not said is not there: the machine fills in the defaults."""
    assert json.loads(input_of(options, None)) == fields


def test_the_machine_understands_every_option() -> None:
    """No option is a field that it would refuse."""
    assert not isinstance(read_order(ALL.fields()), NotUnderstood)
    quarantine = ReplayOptions(source="quarantine", reason=("no_customer",))
    assert not isinstance(read_order(quarantine.fields()), NotUnderstood)


def test_the_input_itself_goes_as_it_is() -> None:
    """The machine judges it."""
    assert input_of(ReplayOptions(), '{"quiet": true}') == '{"quiet": true}'


@pytest.mark.parametrize(
    ("options", "text", "said"),
    [
        (ReplayOptions(dry_run=True), "{}", "--input: stands beside other options"),
        (ReplayOptions(), "{dryRun", "--input: is no JSON"),
        (ReplayOptions(), "[" * 100_000, "--input: is no JSON: it is nested too deeply"),
        (
            ReplayOptions(),
            '{"filter": {"customerId": "cus_a", "customerId": "cus_b"}}',
            "--input: filter.customerId: stands twice in one object: keep one of them",
        ),
        (
            ReplayOptions(),
            '{"dryRun": true, "dryRun": false}',
            "--input: dryRun: stands twice in one object: keep one of them",
        ),
    ],
)
def test_what_is_no_input_is_named(options: ReplayOptions, text: str, said: str) -> None:
    """With what to write."""
    with pytest.raises(Permanent, match=said):
        input_of(options, text)
