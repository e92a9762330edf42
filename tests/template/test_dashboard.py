"""The dashboard shows what there is: each name in it is one that somebody writes."""

import re
from html import escape
from itertools import combinations
from typing import Any

import pytest

from functions.usage.metric import NAMESPACE, Metric
from tests.local.dashboard.graph import Board, Window
from tests.local.dashboard.paper import svg_of
from tests.local.deploy import UNKNOWN_HERE
from tests.local.endpoints import ROOT
from tests.template.dashboard import (
    NAME,
    STACK,
    Shown,
    body,
    expressions,
    resource_in,
    shown,
    widgets,
)
from tests.template.doc_pages import anchors
from tests.template.stack import functions, resources, template
from tests.template.test_metrics import METRICS
from tests.template.transformed import deployed_stack

OURS = f"{NAMESPACE}/{STACK}"
# By the names under which AWS documents them, with the dimensions of each, and of what their values
# must be. Not here: request metrics of a bucket, which are paid.
OF_AWS = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName": "AWS::SQS::Queue"},
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): {"QueueName": "AWS::SQS::Queue"},
    ("AWS/Lambda", "Duration"): {"FunctionName": "AWS::Serverless::Function"},
    ("AWS/Lambda", "Errors"): {"FunctionName": "AWS::Serverless::Function"},
    ("AWS/Lambda", "Invocations"): {"FunctionName": "AWS::Serverless::Function"},
    ("AWS/Lambda", "Throttles"): {"FunctionName": "AWS::Serverless::Function"},
    ("AWS/Logs", "IncomingBytes"): {"LogGroupName": "AWS::Logs::LogGroup"},
    ("AWS/S3", "NumberOfObjects"): {"BucketName": "AWS::S3::Bucket", "StorageType": ""},
    ("AWS/ApiGateway", "Count"): {"ApiName": "", "Stage": ""},
}
# A count is added up, a share is averaged, of an age the worst counts.
STATS = {"Count": {"Sum"}, "Percent": {"Average"}, "Seconds": {"Average", "Maximum"}}
# Of many requests each: a percentile says what most of them, or all but a few, do not exceed.
OF_MANY = {Metric.REQUEST_TO_BILLED, Metric.REQUEST_TO_COUNTED}
# So many are there now, and not so many more.
LEVELS = {
    *(Metric.DRIFT, Metric.SOURCES_SILENT, Metric.SOURCES_CHANGED, Metric.DELIVERIES_FAILED),
    *(Metric.REQUESTS_UNACCOUNTED, Metric.REQUESTS_HELD, Metric.WINDOWS_BEHIND),
}


def test_it_is_made_unless_somebody_does_not_want_it() -> None:
    """It costs $3 a month."""
    assert template()["Parameters"]["Dashboard"]["Default"] == "true"
    assert "$3" in template()["Parameters"]["Dashboard"]["Description"]
    assert NAME in deployed_stack(STACK)
    assert NAME not in deployed_stack(STACK, Dashboard="false")


def ours() -> list[Shown]:
    return [one for one in shown() if not one.namespace.startswith("AWS/")]


def counted() -> set[tuple[str, str]]:
    """Service and metric, by the table in docs/reference/metrics.md."""
    service, found = "", set()
    for row in re.findall(r"^\| ?(.*?) ?\| (`.*?) \|", METRICS, re.MULTILINE):
        service = row[0].strip() or service
        found |= {(service, name) for name in re.findall(r"`(\w+)`", row[1])}
    return found


def test_each_metric_of_ours_is_one_that_its_service_counts() -> None:
    """In the namespace of this stack."""
    assert {one.namespace for one in ours()} == {OURS}
    assert [one for one in ours() if one.metric not in set(Metric)] == []
    asked = {(dict(one.dimensions)["service"], one.metric) for one in ours()}
    searched = {metric for service, metric in asked if service == "*"}
    assert {one for one in asked if one[0] != "*"} - counted() == set()
    assert searched <= {metric for _, metric in counted()}


def test_each_of_ours_has_dimensions_that_are_written() -> None:
    """`service` alone, or with the source."""
    names = {tuple(name for name, _ in one.dimensions) for one in ours()}
    assert names == {("service",), ("service", "Source")}


def test_a_statistic_fits_what_is_measured() -> None:
    """The sum of an age says nothing, nor does the average of a count."""
    for one in ours():
        known = {"Maximum"} if one.metric in LEVELS else STATS[Metric(one.metric).unit]
        known = {"p50", "p99", "Maximum"} if one.metric in OF_MANY else known
        assert one.stat in known, one


def test_each_metric_of_aws_is_documented_and_of_our_own_resource() -> None:
    """By namespace, name and dimensions; a value names a resource of that type."""
    for one in (one for one in shown() if one.namespace.startswith("AWS/")):
        kinds = OF_AWS[one.namespace, one.metric]
        assert [name for name, _ in one.dimensions] == list(kinds)
        for name, value in one.dimensions:
            if kinds[name]:
                assert resource_in(value) in resources(kinds[name]), one


def test_it_shows_what_the_person_on_call_asks() -> None:
    """Depth and age of every queue, errors of every function that works by itself (to Lambda a 401
    is an error of the authorizer), and the bytes of every log group that a function writes into.
    """
    for metric in ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"):
        assert values_of("AWS/SQS", metric) == set(resources("AWS::SQS::Queue"))
    stops = {"Metering", "Forwarder", "Reconciliation", "ReconciliationRepair"}
    stops |= {"AuditSourceCheck", "AuditCount"}
    assert values_of("AWS/Lambda", "Errors") == {f"{stop}Function" for stop in stops}
    groups = {one["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for one in functions().values()}
    assert values_of("AWS/Logs", "IncomingBytes") == groups
    latency = {one.stat for one in shown() if one.metric == "Duration"}
    assert latency >= {"p50", "p99"}
    asked = {
        *(Metric.REQUESTS_BILLED, Metric.EVENTS_CONFIRMED, Metric.EVENTS_HELD),
        *(Metric.EVENTS_SET_ASIDE, Metric.REQUESTS_QUARANTINED, Metric.OLDEST_HELD_AGE),
        *(Metric.SOURCES_SILENT, Metric.SOURCES_CHANGED, Metric.DELIVERIES_FAILED),
        *(Metric.REQUESTS_SERVED, Metric.REQUESTS_UNACCOUNTED, Metric.WINDOWS_BEHIND),
        *OF_MANY,
        *(Metric.LAG, Metric.HEARTBEAT_AGE, Metric.UNKNOWN_SHARE, Metric.DRIFT, Metric.POSTS),
    }
    assert asked <= {one.metric for one in ours()}


def test_freshness_is_shown_as_what_most_and_what_nearly_all_wait() -> None:
    """Each beside what is not in it yet: usage that waits."""
    waiting = {
        Metric.REQUEST_TO_BILLED: Metric.OLDEST_HELD_AGE,
        Metric.REQUEST_TO_COUNTED: Metric.HEARTBEAT_AGE,
    }
    for metric, other in waiting.items():
        (title,) = {one.widget for one in ours() if one.metric == metric}
        beside = {(one.metric, one.stat) for one in ours() if one.widget == title}
        assert {(metric, "p50"), (metric, "p99"), (other, "Maximum")} <= beside
        assert widgets("metric")[title]["properties"]["annotations"]["horizontal"]


def values_of(namespace: str, metric: str) -> set[str]:
    """The resources whose metric is shown."""
    found = [one for one in shown() if (one.namespace, one.metric) == (namespace, metric)]
    return {resource_in(value) for one in found for _, value in one.dimensions}


def test_a_source_that_is_declared_later_shows_without_a_deploy() -> None:
    """By a search: what a source is measured by, and what its stage served."""
    searched = {
        (one.metric, one.dimensions) for one in shown() if {"*"} == {v for _, v in one.dimensions}
    }
    source = (("service", "*"), ("Source", "*"))
    assert {metric for metric, by in searched if by == source} == {
        Metric.LINES_READ,
        Metric.LINES_UNFIT,
        Metric.HEARTBEAT_AGE,
    }
    assert ("Count", (("ApiName", "*"), ("Stage", "*"))) in searched


def test_what_is_served_may_be_narrowed_to_the_apis_that_are_metered() -> None:
    """Other APIs of the Region are served, too."""
    asked = [
        row[0]["expression"]
        for widget in body(ServedApis="ApiName=(orders OR pets)")["widgets"]
        for row in widget["properties"].get("metrics", [])
        if isinstance(row[0], dict) and "ApiGateway" in row[0]["expression"]
    ]
    assert len(asked) == 2
    for expression in asked:
        assert "MetricName=\"Count\" ApiName=(orders OR pets)', 'Sum'" in expression


def test_a_calculation_reads_what_stands_beside_it() -> None:
    """An id that nobody has is an error in the place of a graph."""
    for title, widget in widgets("metric").items():
        rows = widget["properties"]["metrics"]
        ids = {row[-1]["id"] for row in rows if "id" in row[-1]}
        for expression in expressions(widget).values():
            words = set(re.findall(r"\b[a-z]+\b", re.sub(r"'[^']*'", "", expression)))
            assert words <= ids, title


def test_no_widget_stands_twice_or_on_another() -> None:
    """By its title and by what it shows; each within the 24 columns."""
    contents = [frozenset(one[1:] for one in shown() if one.widget == title) for title in TITLES]
    assert len(set(contents)) == len(contents) == len(widgets("metric"))
    for one, other in combinations(body()["widgets"], 2):
        assert not area(one) & area(other), (one, other)
    assert max(one["x"] + one["width"] for one in body()["widgets"]) == 24


TITLES = sorted(widgets("metric"))


def area(widget: dict[str, Any]) -> set[tuple[int, int]]:
    """The cells that it covers."""
    columns = range(widget["x"], widget["x"] + widget["width"])
    rows = range(widget["y"], widget["y"] + widget["height"])
    return {(column, row) for column in columns for row in rows}


@pytest.mark.parametrize("title", TITLES)
def test_a_line_in_a_graph_is_where_an_alarm_rings(title: str) -> None:
    """Whoever moves a threshold moves the line."""
    drawn = widgets("metric")[title]["properties"].get("annotations", {}).get("horizontal", [])
    metrics = {one.metric for one in shown() if one.widget == title}
    rings = {
        alarm["Properties"]["Threshold"]
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["MetricName"] in metrics
    }
    assert {line["value"] for line in drawn} <= rings


def test_its_links_lead_to_sections_of_the_runbook() -> None:
    """Of whichever copy `RunbookUrl` names."""
    text = "\n".join(widgets("text"))
    url = template()["Parameters"]["RunbookUrl"]["Default"]
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len(links) > 15
    assert [link for link in links if not link.startswith(f"{url}/")] == []
    for page, _, anchor in (link.partition("#") for link in links):
        assert (ROOT / page).is_file()
        assert not anchor or anchor in anchors(ROOT / page), anchor


def test_it_needs_nothing_that_a_condition_leaves_out() -> None:
    """A reference to a resource that is not deployed fails the whole stack."""
    always = {name for name, one in template()["Resources"].items() if "Condition" not in one}
    text, own = template()["Resources"][NAME]["Properties"]["DashboardBody"]["Fn::Sub"]
    named = set(re.findall(r"\$\{(\w+)[.}]", text))
    assert named - set(template()["Parameters"]) - set(own) <= always


def test_the_picture_of_the_local_cloud_can_show_all_of_it() -> None:
    """Also where nothing was measured: each widget with its title."""
    drawn = svg_of(body(**UNKNOWN_HERE), Board({}, Window(0, 60_000, 10_000)))
    assert [title for title in TITLES if escape(title) not in drawn] == []
