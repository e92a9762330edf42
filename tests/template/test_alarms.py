"""Alarms that ring when they should: in time, for one customer of many, and at little traffic."""

from typing import Any

import pytest

from functions.metering.billing.gateway_refusal import AUTHORIZER_FAILED
from functions.metering.configuration.source_declaration import UNDECLARED
from functions.usage.metric import NAMESPACE, Metric
from tests.template.stack import resources, template

HOUR = 3600
OURS = {"Fn::Sub": f"{NAMESPACE}/${{AWS::StackName}}"}
ALARMS: dict[str, dict[str, Any]] = {
    name: alarm["Properties"] for name, alarm in resources("AWS::CloudWatch::Alarm").items()
}


def watching(namespace: object, metric: str) -> list[dict[str, Any]]:
    """The alarms on one metric."""
    found = [(one["Namespace"], one["MetricName"]) for one in ALARMS.values()]
    return [
        alarm
        for alarm, names in zip(ALARMS.values(), found, strict=True)
        if names == (namespace, metric)
    ]


def test_every_alarm_says_that_it_begins_and_that_it_ends() -> None:
    """To the one topic that somebody is subscribed to."""
    for alarm in ALARMS.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]


def test_a_function_of_the_walk_that_lambda_does_not_start_rings() -> None:
    """The account's concurrency is used up: its own code cannot say so."""
    throttled = watching("AWS/Lambda", "Throttles")
    names = ("Authorizer", "Forwarder", "Metering", "Reconciliation")
    dimensions = [{"Name": "FunctionName", "Value": {"Ref": f"{name}Function"}} for name in names]
    assert sorted((one["Dimensions"] for one in throttled), key=str) == [
        [one] for one in dimensions
    ]
    assert {(one["Statistic"], one["Threshold"]) for one in throttled} == {("Sum", 0)}


def test_silence_rings_where_it_is_asked_for() -> None:
    """In the least time that CloudWatch takes and the longest; a line of any source ends it."""
    quiet = ALARMS["NothingReadAlarm"]
    assert (quiet["Namespace"], quiet["MetricName"]) == (OURS, Metric.LINES_READ)
    assert (quiet["ComparisonOperator"], quiet["Threshold"]) == ("LessThanThreshold", 1)
    assert quiet["TreatMissingData"] == "breaching"
    allowed = template()["Parameters"]["QuietSeconds"]["AllowedValues"]
    assert allowed[0] == 0
    assert all(seconds % 60 == 0 and seconds <= 86_400 for seconds in allowed)


@pytest.mark.parametrize(
    "metric", [Metric.SOURCES_SILENT, Metric.SOURCES_CHANGED, Metric.WINDOWS_BEHIND]
)
def test_a_source_that_nobody_looked_at_rings_like_one_that_stopped(metric: Metric) -> None:
    """A check that died must not look like good news."""
    [alarm] = watching(OURS, metric)
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (0, "breaching")


def test_what_is_written_only_where_there_is_some_rings_only_then() -> None:
    """No figure is the good news of these: the alarm must not take it for silence."""
    for metric in (Metric.DELIVERIES_FAILED, Metric.REQUESTS_UNACCOUNTED):
        [alarm] = watching(OURS, metric)
        assert (alarm["Threshold"], alarm["TreatMissingData"]) == (0, "notBreaching")


def test_an_authorizer_that_gives_no_answer_rings() -> None:
    """Whatever keeps it from one: API Gateway says so in its log, and metering reads that."""
    [unanswered] = watching(OURS, Metric.REQUESTS_EXCLUDED)
    assert unanswered["Dimensions"] == [
        {"Name": "service", "Value": "metering"},
        {"Name": "reason", "Value": AUTHORIZER_FAILED.reason},
    ]
    assert (unanswered["Statistic"], unanswered["Threshold"]) == ("Sum", 0)


def test_a_log_group_that_nobody_declared_rings() -> None:
    """By the one name that metering gives all of them."""
    [undeclared] = [one for one in watching(OURS, Metric.LINES_READ) if len(one["Dimensions"]) > 1]
    assert {"Name": "Source", "Value": UNDECLARED} in undeclared["Dimensions"]
    assert (undeclared["Statistic"], undeclared["Threshold"]) == ("Sum", 0)


def test_nothing_watches_the_authorizer_s_errors() -> None:
    """A 401 is one of them, by API Gateway's contract: any client could ring it."""
    watched = [alarm["Dimensions"][0]["Value"] for alarm in watching("AWS/Lambda", "Errors")]
    assert {"Ref": "AuthorizerFunction"} not in watched


def test_counters_that_cannot_be_read_ring_at_any_traffic() -> None:
    """A share: at a request a minute as at a thousand a second. One odd minute does not."""
    alarm = ALARMS["CounterStateUnknownAlarm"]
    assert (alarm["MetricName"], alarm["Statistic"]) == (Metric.UNKNOWN_SHARE, "Average")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "authorizer"}]
    assert alarm["Threshold"] < 100 / 3  # one of three Availability Zones is cut off
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (3, 5)
    assert alarm["Period"] == 60


def test_a_drift_of_one_customer_of_many_is_seen_in_every_period() -> None:
    """A customer that is far from its limit is asked about when its turn comes."""
    alarm = ALARMS["DriftAlarm"]
    asked_each_minute = template()["Parameters"]["CustomersPerReconcile"]["Default"]
    assert alarm["Period"] / 60 * asked_each_minute == 3_000  # docs/reference/alarms.md
    assert alarm["EvaluationPeriods"] > 1  # once may have been on its way


@pytest.mark.parametrize("machine", sorted(resources("AWS::Serverless::StateMachine")))
def test_a_machine_rings_however_it_ends_badly(machine: str) -> None:
    """One that its time ends has not failed, to CloudWatch."""
    for metric in ("ExecutionsFailed", "ExecutionsTimedOut"):
        dimensions = [alarm["Dimensions"] for alarm in watching("AWS/States", metric)]
        assert [{"Name": "StateMachineArn", "Value": {"Ref": machine}}] in dimensions
