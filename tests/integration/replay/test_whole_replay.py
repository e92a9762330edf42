"""The state machine with its real functions, on ministack: stopped, killed and started again.

Waits are a hundredth of what they are on AWS (a public setting of the emulator).
"""

import json
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3
import pytest

from functions.usage.event import UsageEvent
from tests.fakes.access_log_lines import distinct_line, subscription_payload
from tests.fakes.set_aside_messages import an_hour_ago, event, message, record
from tests.integration.replay.deployed import (
    CLAIM_SECONDS,
    FINISHED_SECONDS,
    Deployed,
    deployed_replay,
)
from tests.local.aforo.console import Console
from tests.local.aforo.standin import AforoStandIn
from tests.local.waiting import until
from tests.statemachine.definition import held_at, states, targets
from tests.statemachine.quick_ministack import quick_ministack

WAIT_SCALE = 0.01
NUMBERS = count(1_000)
OUTAGE = {"kind": "status", "status": 503, "retry_after": "1"}


@pytest.fixture(scope="module")
def deployed(
    shared_aforo: AforoStandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """One for all: each test sets aside events of its own, and looks at those."""
    with (
        quick_ministack(tmp_path_factory.mktemp("ministack"), WAIT_SCALE) as emulator,
        deployed_replay(emulator, shared_aforo.url, tmp_path_factory.mktemp("doom")) as found,
    ):
        yield found


def recent(number: int, customer: str = "cus_a") -> UsageEvent:
    return event(number, customer=customer, occurred_at=an_hour_ago())


def test_a_replay_waits_for_aforo_moves_everything_once_and_reports(
    deployed: Deployed, console: Console
) -> None:
    """And the same again changes nothing: only what still fails is taken once more."""
    aws = deployed.aws
    aws.set_aside(*(message([recent(n), recent(n + 100)], record()) for n in range(12)))
    aws.set_aside(message([recent(200, customer="cus_gone")], record()))
    aws.set_aside(message([recent(300)], record("poison")), message([recent(400)]), "not a message")
    dry = deployed.run("dry", {"dryRun": True, "eventsPerSecond": 1000.5, "maxMessages": 100})
    assert dry["outcome"] == "dry_run_finished"
    assert dry["report"]["events"]["replayed"] == 26

    console.order_faults(OUTAGE)
    threading.Timer(1, console.clear_faults).start()
    first = deployed.run("first", {"Comment": "by hand", "maxMessages": 100})["report"]
    assert first["events"] == {
        "sent": 26,
        "replayed": 25,
        "alreadyConfirmed": 0,
        "stillFailing": 1,
        "needsDecision": 0,
        "outstanding": 0,
    }
    assert first["messages"]["waitingAtStart"] == 16
    assert first["messages"]["moved"] == 14
    assert first["messages"]["waitingNow"] == 3

    billed = dict(deployed.book)
    second = deployed.run("second", {})["report"]
    assert (second["events"]["sent"], second["events"]["stillFailing"]) == (1, 1)
    assert second["events"]["replayed"] == 0
    assert second["messages"]["waitingNow"] == 3
    assert deployed.book == billed
    aws.left()


def test_the_figures_of_a_report_add_up(deployed: Deployed) -> None:
    """Of messages that the filter splits, of what is in other hands, and of a dry run."""
    aws = deployed.aws
    mixed = [[recent(next(NUMBERS)), recent(next(NUMBERS), customer="cus_b")] for _ in range(4)]
    aws.set_aside(*(message(events, record()) for events in mixed))
    theirs = boto3.client("sqs").receive_message(
        QueueUrl=aws.usage_dead_letter_url, VisibilityTimeout=600
    )["Messages"]
    order = {"filter": {"customerId": "cus_b"}, "maxMessages": 2}
    dry = deployed.run("dry-figures", {**order, "dryRun": True})["report"]
    real = deployed.run("figures", order)["report"]
    for told in (dry, real):
        messages = told["messages"]
        assert (messages["waitingAtStart"], messages["hiddenAtStart"]) == (3, 1)
        assert (messages["moved"], messages["left"], messages["notSeen"]) == (2, [], 1)
        assert messages["waitingNow"] == 4
        assert told["events"]["replayed"] == 2
        assert told["order"]["filter"] == {"customerId": "cus_b"}
    config = {"why": "dry_run", "class": "config", "reason": "unknown_metric"}
    assert dry["messages"]["chosen"] == [{**config, "messages": 2, "events": 2}]
    aws.sqs.change_message_visibility(
        QueueUrl=aws.usage_dead_letter_url,
        ReceiptHandle=theirs[0]["ReceiptHandle"],
        VisibilityTimeout=0,
    )
    rest = deployed.run("rest-of-figures", {})["report"]
    assert (rest["messages"]["moved"], rest["events"]["replayed"]) == (4, 6)
    aws.left()


class Scene:
    """Something to replay, from each source, and what has to become of it."""

    def __init__(self, deployed: Deployed, source: str) -> None:
        self.deployed, self.aws, self.source = deployed, deployed.aws, source
        self.name = f"{source}-{next(NUMBERS)}"
        self.numbers = [next(NUMBERS) for _ in range(3)]
        {
            "usage": self._set_aside,
            "quarantine": self._quarantine,
            "counters": self._dead_letters,
        }[source]()

    def _set_aside(self) -> None:
        self.aws.set_aside(*(message([recent(n)], record()) for n in self.numbers))

    def _quarantine(self) -> None:
        for number in self.numbers:
            body = {"requestPayload": subscription_payload([distinct_line(number)])}
            self.aws.s3.put_object(
                Bucket=self.deployed.quarantine,
                Key=f"aws/lambda/async/{self.name}-{number}",
                Body=json.dumps(body).encode(),
            )

    def _dead_letters(self) -> None:
        for number in self.numbers:
            self.aws.sqs.send_message(
                QueueUrl=self.aws.counter_dead_letter_url, MessageBody=f"{self.name}-{number}"
            )

    def is_ready(self) -> bool | None:
        """What a killed round had claimed shows again."""
        if self.source == "quarantine":
            return True
        urls = {
            "usage": self.aws.usage_dead_letter_url,
            "counters": self.aws.counter_dead_letter_url,
        }
        found = self.aws.sqs.get_queue_attributes(
            QueueUrl=urls[self.source], AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
        )
        return True if set(found["Attributes"].values()) == {"0"} else None

    def check(self) -> None:
        """Everything arrived, and Aforo's book has each key once."""
        if self.source == "counters":
            found = set(self.aws.take_all(self.aws.settled_url))
            assert found >= {f"{self.name}-{number}" for number in self.numbers}
            assert self.aws.depth(self.aws.counter_dead_letter_url) == 0
            return
        self.deployed.forward()
        if self.source == "usage":
            keys = {event(number)["idempotencyKey"] for number in self.numbers}
            assert all(self.deployed.book[key] == 1 for key in keys)
            assert self.aws.depth(self.aws.usage_dead_letter_url) == 0
            return
        page = self.aws.s3.list_objects_v2(Bucket=self.deployed.quarantine, Prefix="aws/")
        assert page["KeyCount"] == 0
        assert set(self.deployed.book.values()) == {1}


# --- stopped at each state -----------------------------------------------------------------------

WAIT, ROUND, HAND_ON = "Wait for the next round", "Run a round", "Hand on what remains"
ALWAYS = "true"
# What a round waits for shows in what it hands on.
FOR_AFORO = "$answer.progress.aforoWaits > 0"
FOR_THE_FORWARDER = "$answer.progress.ledgerWaits > 0"
FOR_CLAIMED_MESSAGES = "$answer.progress.emptyLooks > 0"
AFTER_A_MOVE = "$progress.rounds > 0"
# Every state that leads on, by the source whose replay passes it, and what is so then.
STOPS = [
    *(
        ("usage", state, ALWAYS)
        for state in (
            "Let other replays show",
            "Start the replay",
            "May it start?",
            ROUND,
            "What came of it?",
            WAIT,
            HAND_ON,
            "Write the report",
            "What is left to tell?",
            "Tell the operators",
        )
    ),
    *(("usage", WAIT, why) for why in (FOR_AFORO, FOR_THE_FORWARDER, FOR_CLAIMED_MESSAGES)),
    ("usage", ROUND, AFTER_A_MOVE),
    ("usage", "What came of it?", FOR_THE_FORWARDER),
    *(
        (source, state, ALWAYS)
        for source in ("quarantine", "counters")
        for state in ("Start the replay", ROUND, "What came of it?", WAIT, "Write the report")
    ),
    *((source, ROUND, AFTER_A_MOVE) for source in ("quarantine", "counters")),
]


def order_of(source: str) -> dict[str, object]:
    pace = {"eventsPerSecond": 1_000} if source == "usage" else {}
    return {"source": source, **pace}


def one_too_many(start: dict[str, Any]) -> dict[str, Any]:
    """As SQS may count: approximately."""
    found = "$states.result.Payload.progress"
    counted = f"{found}, {{'waitingAtStart': {found}.waitingAtStart + 1}}"
    return {**start, "Assign": {**start["Assign"], "progress": f"{{% $merge([{counted}]) %}}"}}


def handing_on(round_: dict[str, Any]) -> dict[str, Any]:
    """As if there were more than one execution may do."""
    found = "$states.result.Payload"
    hands_on = "{'outcome': 'hand_on', 'next': 'nobody'}"
    answer = f"{{% {found}.outcome = 'finished' ? $merge([{found}, {hands_on}]) : {found} %}}"
    return {**round_, "Assign": {**round_["Assign"], "answer": answer}}


def test_every_state_that_leads_on_is_stopped_at() -> None:
    """After the others nothing happens any more."""
    on = {name for name, state in states().items() if targets(state)}
    assert {state for _, state, _ in STOPS} == on


@pytest.mark.parametrize(("source", "state", "when"), STOPS)
def test_a_replay_stopped_at(
    source: str, state: str, when: str, deployed: Deployed, console: Console
) -> None:
    """The next one does the rest: nothing is lost, nothing is in Aforo's book twice."""
    scene = Scene(deployed, source)
    definition = held_at(deployed.definition, state, when)
    if when == FOR_CLAIMED_MESSAGES:  # only where more seems to come
        start = one_too_many(deployed.definition["States"]["Start the replay"])
        definition["States"]["Start the replay"] = start
    if state == HAND_ON:
        definition["States"][ROUND] = handing_on(deployed.definition["States"][ROUND])
    machine = deployed.machine(definition)
    if when == FOR_AFORO:
        console.order_faults(OUTAGE)
    first = deployed.start(f"{scene.name}-first", order_of(source), machine=machine)

    def is_there() -> bool:
        if when != FOR_THE_FORWARDER:
            deployed.forward()
        return "Held" in deployed.path(first)

    until(is_there, FINISHED_SECONDS)
    deployed.sfn.stop_execution(executionArn=first)
    console.clear_faults()
    until(scene.is_ready, FINISHED_SECONDS)
    deployed.run(f"{scene.name}-second", order_of(source))
    scene.check()


# --- killed after each kind of call --------------------------------------------------------------

# Of each function, by the source: the calls of an invocation that it dies after, and before any.
DEATHS = {
    ("usage", "start"): ["begin", "ListExecutions 1", "GetQueueAttributes 1"],
    ("usage", "queue_round"): [
        "begin",
        "begin\nGetSecretValue 1",  # which only a fresh process reads
        "ReceiveMessage 1",
        "PutObject 1",
        "SendMessageBatch 1",
        "DeleteMessageBatch 1",
        "ListObjectsV2 1",
        "GetObject 1",
        "ListObjectsV2 2",
        "GetObject 2",
    ],
    ("usage", "report"): [
        "begin",
        "ListObjectsV2 1",
        "GetObject 1",
        "ListObjectsV2 3",
        "GetQueueAttributes 1",
        "PutObject 1",
    ],
    ("counters", "queue_round"): [
        "begin",
        "ReceiveMessage 1",
        "SendMessageBatch 1",
        "DeleteMessageBatch 1",
    ],
    ("quarantine", "start"): ["ListExecutions 1", "ListObjectsV2 1"],
    ("quarantine", "quarantine_round"): [
        "begin",
        "ListObjectsV2 1",
        "ListObjectsV2 2",
        "GetObject 1",
        "Invoke 1",
        "Invoke 3",
        "PutObject 1",
        "PutObject 2",
        "CopyObject 1",
        "DeleteObject 1",
        "CopyObject 2",
        "DeleteObject 3",
    ],
}


def patient(deployed: Deployed) -> str:
    """The machine, with a wait for claimed messages that is as long as they are hidden."""
    asked, real = f"$answer.waitSeconds = {CLAIM_SECONDS + 5}", (CLAIM_SECONDS + 1) / WAIT_SCALE
    seconds = f"{{% {asked} ? {real:.0f} : $answer.waitSeconds %}}"
    all_states = deployed.definition["States"]
    waiting = {WAIT: {**all_states[WAIT], "Seconds": seconds}}
    return deployed.machine({**deployed.definition, "States": {**all_states, **waiting}})


@pytest.mark.parametrize(
    ("source", "part", "moment"),
    [(source, part, moment) for (source, part), all_ in DEATHS.items() for moment in all_],
)
def test_a_replay_whose_worker_is_killed(
    source: str, part: str, moment: str, deployed: Deployed
) -> None:
    """With kill -9, after any of its calls: the state machine tries again, and waits for what the
    killed one had claimed. The next replay finds nothing to do.
    """
    scene, machine = Scene(deployed, source), patient(deployed)
    doom = deployed.doom / part
    doom.write_text(moment)
    first = deployed.run(f"{scene.name}-first", order_of(source), machine=machine)
    assert not doom.exists(), "it was never killed"
    assert first["outcome"] == "replay_finished"
    if source != "counters":  # whose events nobody counts
        assert first["report"]["events"]["replayed"] == len(scene.numbers)
    scene.check()
    again = deployed.run(f"{scene.name}-second", order_of(source), machine=machine)
    assert again["outcome"] == "nothing_to_replay"


@pytest.mark.parametrize("source", ["usage", "counters", "quarantine"])
def test_every_kind_of_call_is_died_after(source: str, deployed: Deployed) -> None:
    """What a replay calls while nothing goes wrong, it was killed after, in each of its functions;
    the start and the report once for all sources.
    """
    for book in deployed.doom.glob("*.made"):
        book.unlink()
    scene = Scene(deployed, source)
    deployed.run(scene.name, order_of(source))
    scene.check()
    made = {book.stem: set(book.read_text().split()) for book in deployed.doom.glob("*.made")}
    died: dict[str, set[str]] = {}
    for (of, part), moments in DEATHS.items():
        if of == source or part in {"start", "report"}:
            died.setdefault(part, set()).update(*map(str.split, moments))
    assert [(part, calls - died[part]) for part, calls in made.items() if calls - died[part]] == []


def test_of_two_started_at_once_one_works(deployed: Deployed) -> None:
    """The other names it, and ends as a success."""
    for _ in range(10):
        scene = Scene(deployed, "usage")
        arns = [deployed.start(f"{scene.name}-{which}", {}) for which in ("one", "other")]
        outputs = [json.loads(deployed.ended(arn)["output"]) for arn in arns]
        refused = [one for one in outputs if one["outcome"] == "another_replay_is_running"]
        if refused:
            break
        scene.check()  # the first had ended before the other looked: a busy machine
    (worked,) = [one for one in outputs if one["outcome"] != "another_replay_is_running"]
    assert len(refused) == 1
    assert worked["report"]["events"]["replayed"] == len(scene.numbers)
    assert refused[0]["runningReplay"] == worked["report"]["replayId"]
    scene.check()
