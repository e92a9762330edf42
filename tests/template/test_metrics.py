"""One spelling of metrics, and one place of their names: `Metric`."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from functions.usage.metric import NAMESPACE, Metric
from tests.local.endpoints import ROOT
from tests.template.stack import resources

OWN = ROOT / "functions" / "usage" / "metric.py"
METRICS = (ROOT / "docs" / "reference" / "metrics.md").read_text()
RUNBOOKS = "\n".join(
    page.read_text() for page in [*ROOT.glob("docs/how-to/*.md"), *ROOT.glob("docs/reference/*.md")]
)
UNITS = {"": "Count", "units": "Count", "percent": "Percent", "seconds": "Seconds"}


@cache
def code() -> list[ast.AST]:
    """Every node of functions/, but for the module that the names stand in."""
    pages = [page for page in ROOT.glob("functions/**/*.py") if page != OWN]
    return [node for page in pages for node in ast.walk(ast.parse(page.read_text()))]


def texts() -> Iterator[str]:
    """Every text constant in the code."""
    for node in code():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def member_of(node: ast.AST) -> Metric | None:
    """The member that an expression names."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return Metric[node.attr] if node.value.id == "Metric" else None
    return None


def listed() -> dict[str, str]:
    """The unit that the table of the docs gives each metric."""
    cells = re.findall(r"^\|[^|]*\| (`[^|]*) \|", METRICS, re.MULTILINE)
    named = re.findall(r"`([^`]+)`(?: \((\w+)\))?", ", ".join(cells))
    assert len(named) == len(set(named)) + 1  # HeartbeatsRefused, of two services
    return dict(named)


def test_every_metric_is_spelled_like_cloudwatch_s_own() -> None:
    """PascalCase: whoever writes an alarm need not look each one up."""
    assert [one for one in Metric if not re.fullmatch(r"(?:[A-Z][a-z]+)+", one)] == []


def test_every_alarm_on_our_namespace_watches_a_metric_of_ours() -> None:
    """Nothing rings for a name that nobody counts."""
    alarms = [one["Properties"] for one in resources("AWS::CloudWatch::Alarm").values()]
    watched = [one["MetricName"] for one in alarms if "Fn::Sub" in one["Namespace"]]
    ours = {"Fn::Sub": f"{NAMESPACE}/${{AWS::StackName}}"}
    others = [one["Namespace"] for one in alarms if one["Namespace"] != ours]
    assert [name for name in others if not str(name).startswith("AWS/")] == []
    assert len(watched) + len(others) == len(alarms)
    assert [name for name in watched if name not in set(Metric)] == []


def test_the_table_of_metrics_is_whole() -> None:
    """Every metric with its unit, and no other."""
    assert {name: UNITS[unit] for name, unit in listed().items()} == {
        one.value: one.unit for one in Metric
    }


def test_every_metric_is_counted_somewhere() -> None:
    """A name that no code writes promises a graph that stays empty."""
    assert [one.name for one in Metric if one not in set(map(member_of, code()))] == []


def test_a_share_is_in_percent_and_a_count_in_counts() -> None:
    """CloudWatch adds and averages by what the unit says."""
    written = {
        (call.func.attr, member.unit)
        for call in code()
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args
        if (member := member_of(call.args[0]))
    }
    counting = {("count", "Count"), ("count_calmly", "Count")}
    measuring = {("share", "Percent"), ("level", "Seconds"), ("level", "Count")}
    measuring |= {("spread", "Seconds")}
    assert written == counting | measuring


def test_a_metric_s_name_is_written_once() -> None:
    """Whatever else spells it in the code would not follow it."""
    assert sorted(set(Metric) & set(texts())) == []


def test_what_the_runbooks_look_for_in_the_logs_is_logged() -> None:
    """A filter for a metric that nobody counts, or for a line of yesterday, finds nothing."""
    names = re.findall(r'\$\.message = "([^"]+)"', RUNBOOKS)
    names += re.findall(r"--message ([A-Za-z_.]+)", RUNBOOKS)
    assert len(names) > 10
    assert [one for one in names if one not in {*texts(), *Metric}] == []
