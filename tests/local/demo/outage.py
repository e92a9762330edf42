"""Aforo goes down and comes back; what was set aside is replayed from Step Functions."""

from typing import Any

import boto3

from tests.local.demo import bad_days
from tests.local.demo.accounting import everything_is_settled
from tests.local.demo.depth import unwritten, waiting
from tests.local.demo.executions import start_execution, wait_for_execution
from tests.local.demo.stage import Stage
from tests.local.endpoints import Endpoints

SET_ASIDE_SECONDS = 90.0
REPLAY_SECONDS = 120.0
DRAIN_SECONDS = 90.0
HEARTBEATS = 8  # one a minute of each metered log group: of two minutes and more


def take_aforo_down(endpoints: Endpoints) -> None:
    """Every call is answered 503 until `bring_aforo_back`."""
    bad_days.order(endpoints, bad_days.OUTAGE)


def bring_aforo_back(endpoints: Endpoints) -> None:
    bad_days.clear(endpoints)


def wait_for_the_alarm(stage: Stage, endpoints: Endpoints, already_set_aside: int = 0) -> None:
    """Until everything that was held is set aside, and the alarm on the dead-letter queue fires.
    Heartbeats stay in UsageQueue for as long as Aforo is away: they are no usage.
    """
    alarm = endpoints.alarms["UsageDeadLetterAlarm"]

    def look() -> tuple[bool, str]:
        held, set_aside = waiting(endpoints, "usage"), waiting(endpoints, "usage_dead_letter")
        state = alarm_state(alarm)
        seen = f"{held} messages held, {set_aside} set aside, UsageDeadLetterAlarm {state}"
        is_likely = held <= HEARTBEATS and set_aside > already_set_aside and state == "ALARM"
        if not is_likely or unwritten(endpoints):
            return False, seen
        return held == 0 or everything_is_settled(endpoints), seen

    stage.wait("waiting past the hold", look, SET_ASIDE_SECONDS)


def start_replay(endpoints: Endpoints) -> str:
    """Start the replay state machine; the execution's ARN."""
    return start_execution(endpoints.state_machines["replay"], {})


def wait_for_replay(stage: Stage, endpoints: Endpoints, execution: str) -> dict[str, Any]:
    """Wait for a replay's end; its output."""

    def left() -> str:
        return f"{waiting(endpoints, 'usage_dead_letter')} messages left in UsageDeadLetterQueue"

    return wait_for_execution(stage, "replay", execution, REPLAY_SECONDS, left)


def wait_until_settled(stage: Stage, endpoints: Endpoints) -> None:
    """Until every line is written and every queue is empty."""

    def look() -> tuple[bool, str]:
        lines = unwritten(endpoints)
        depths = {name: waiting(endpoints, name) for name in ("usage", "settled")}
        seen = f"{lines} requests to log, {depths['usage']} usage and {depths['settled']} settled"
        return lines == 0 and not any(depths.values()), f"{seen} messages under way"

    stage.wait("everything on its way has arrived", look, DRAIN_SECONDS)


def alarm_state(name: str) -> str:
    """OK, ALARM or INSUFFICIENT_DATA."""
    alarms = boto3.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return alarms[0]["StateValue"]
