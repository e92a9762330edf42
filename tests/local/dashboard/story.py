"""Some minutes of a stack's life to look at: traffic, an outage, usage set aside, a replay."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import boto3

from tests.local.demo import auditing, bad_days, outage
from tests.local.demo.stage import Stage
from tests.local.demo.traffic import mixed_calls, send
from tests.local.endpoints import Endpoints
from tests.local.reconcile import reconcile

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

LOOK_EVERY_SECONDS = 1.0
ODD_LINE, ODD_LINES = "GET /pets 200", 20


def live(stage: Stage, endpoints: Endpoints) -> None:
    """Each part leaves something on the dashboard."""
    auditing.count(endpoints)
    _call(stage, endpoints, 12)
    reconcile(endpoints)
    change_the_log_format(endpoints)
    _call(stage, endpoints, 12)
    bad_days.order(endpoints, bad_days.STORM, bad_days.LOST_ANSWER)
    _call(stage, endpoints, 12)
    reconcile(endpoints)
    stage.say("Aforo is down")
    outage.take_aforo_down(endpoints)
    _call(stage, endpoints, 6)
    outage.wait_for_the_alarm(stage, endpoints)
    stage.say("Aforo is back")
    outage.bring_aforo_back(endpoints)
    execution = outage.start_replay(endpoints)
    _call(stage, endpoints, 12)
    outage.wait_for_replay(stage, endpoints, execution)
    reconcile(endpoints)
    _call(stage, endpoints, 12)
    outage.wait_until_settled(stage, endpoints)
    auditing.count(endpoints)


@contextmanager
def looking(look: Callable[[], None]) -> Iterator[None]:
    """`look` each second, as long as the block lasts."""
    over = Event()

    def go_on() -> None:
        while not over.wait(LOOK_EVERY_SECONDS):
            look()

    thread = Thread(target=go_on, name="looking")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def change_the_log_format(endpoints: Endpoints) -> None:
    """For some lines: they are quarantined."""
    logs, stream = boto3.client("logs"), "another-format"
    logs.create_log_stream(logGroupName=endpoints.access_log_group, logStreamName=stream)
    now_ms = time.time_ns() // 1_000_000
    lines: list[InputLogEventTypeDef] = [{"timestamp": now_ms, "message": ODD_LINE}] * ODD_LINES
    logs.put_log_events(
        logGroupName=endpoints.access_log_group, logStreamName=stream, logEvents=lines
    )


def _call(stage: Stage, endpoints: Endpoints, share: int) -> None:
    answered = send(mixed_calls(endpoints, share), lambda _: None)
    stage.say(f"{answered.total()} calls")
