"""One page is enough: three alarms over all others, and each leads to what helps."""

import json
import re
from typing import Any

import pytest

from tests.local.deploy import UNKNOWN_HERE
from tests.local.endpoints import ROOT
from tests.template.composed import at_stake, composed
from tests.template.dashboard import NAME, STACK, body
from tests.template.doc_pages import anchors
from tests.template.stack import resources, template
from tests.template.transformed import deployed_stack

ALARMS = resources("AWS::CloudWatch::Alarm")
COMPOSED = resources("AWS::CloudWatch::CompositeAlarm")
RUNBOOK = "https://github.com/acme/metering/blob/main/docs"
LINK = re.compile(r" (\S+)#(\S+) (https://console\S+)$")


def test_every_alarm_is_in_one_of_three() -> None:
    """In that of what is at stake, by the table in docs/reference/alarms.md."""
    found = {name: over for over, names in composed().items() for name in names}
    assert sum(map(len, composed().values())) == len(found)
    assert found == at_stake()
    assert set(found) == set(ALARMS)
    assert set(COMPOSED) == {"MoneyAlarm", "QuotaAlarm", "LaterAlarm"}


def test_what_is_composed_rings_when_one_of_it_does() -> None:
    """Whatever the others say; AWS takes at most 100 alarms and 10,240 characters."""
    for name, resource in deployed_stack(STACK, **EVERYTHING).items():
        if resource["Type"] == "AWS::CloudWatch::CompositeAlarm":
            separator, parts = resource["Properties"]["AlarmRule"]["Fn::Join"]
            assert separator == " OR "
            assert parts == [f'ALARM("${{{one}}}")' for one in composed()[name]]
            assert len(parts) <= 100
            assert len(parts) * (len(separator) + 255) <= 10_240


EVERYTHING = {
    "AccessLogGroupName": "/access",
    "DemoApi": "true",
    "QuietSeconds": "900",
    "RedisUrl": "redis://r:6379/0",
}


@pytest.mark.parametrize("parameters", [EVERYTHING, {}], ids=["everything", "the least"])
def test_a_rule_names_no_alarm_that_is_not_there(parameters: dict[str, str]) -> None:
    """CloudWatch refuses one that does, and the stack with it."""
    there = deployed_stack(STACK, **parameters)
    named = {
        found
        for resource in there.values()
        if resource["Type"] == "AWS::CloudWatch::CompositeAlarm"
        for found in re.findall(r"\$\{(\w+)\}", json.dumps(resource["Properties"]["AlarmRule"]))
    }
    assert named == {name for name, one in there.items() if one["Type"] == "AWS::CloudWatch::Alarm"}


def test_a_page_is_for_what_cannot_wait_and_hides_nothing() -> None:
    """A second cause moves no state of a composed alarm: so each alarm keeps its own topic."""
    for name, alarm in COMPOSED.items():
        actions = [alarm["Properties"].get(which) for which in ("AlarmActions", "OKActions")]
        pages = [{"Ref": "PageTopic"}]
        assert actions == ([None, None] if name == "LaterAlarm" else [pages, pages])
    for alarm in ALARMS.values():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_who_does_not_want_them_does_not_pay_for_them() -> None:
    """Nor does the dashboard show what is not there; ministack knows no such resource."""
    without = deployed_stack(STACK, **UNKNOWN_HERE)
    assert {one["Type"] for one in without.values()} & {"AWS::CloudWatch::CompositeAlarm"} == set()
    assert NAME in without
    kinds = [widget["type"] for widget in body(**UNKNOWN_HERE)["widgets"]]
    assert "alarm" not in kinds
    assert "$1.50" in template()["Parameters"]["ComposedAlarms"]["Description"]


def test_the_dashboard_shows_which_of_them_ring() -> None:
    """By their ARNs."""
    (lamps,) = (widget for widget in body()["widgets"] if widget["type"] == "alarm")
    named = [arn.rpartition(":alarm:")[2] for arn in lamps["properties"]["alarms"]]
    assert named == [f"${{{name}}}" for name in COMPOSED]


def described(**parameters: str) -> dict[str, str]:
    """What each alarm says, deployed with these parameters."""
    return {
        name: alarm["Properties"]["AlarmDescription"]
        for name, alarm in deployed_stack(STACK, **{**EVERYTHING, **parameters}).items()
        if name in {*ALARMS, *COMPOSED}
    }


@pytest.mark.parametrize("name", sorted({*ALARMS, *COMPOSED}))
def test_an_alarm_leads_to_its_section_and_to_the_dashboard(name: str) -> None:
    """Both stand in the message that wakes somebody, at its end."""
    said = described(RunbookUrl=RUNBOOK)[name]
    match = LINK.search(said)
    assert match, said
    runbook, anchor, console = match.groups()
    assert runbook == f"{RUNBOOK}/reference/alarms.md"
    assert anchor == ("composed-alarms" if name in COMPOSED else name.lower())
    assert anchor in anchors(ROOT / "docs" / "reference" / "alarms.md")
    assert console.rpartition("/")[2] == dashboard_name()
    assert len(said) <= 1024  # CloudWatch's limit


def dashboard_name() -> str:
    """In a console's address."""
    properties: dict[str, Any] = deployed_stack(STACK)[NAME]["Properties"]
    return str(properties["DashboardName"])
