"""The composed alarms as the template has them, and what alarms.md says is at stake."""

import json
import re
from collections.abc import Mapping

from tests.local.endpoints import ROOT
from tests.template.stack import resources

ALARMS = (ROOT / "docs" / "reference" / "alarms.md").read_text()
_NO_MONEY = ("billing is right", "customers are refused", "a quota is")


def composed() -> Mapping[str, list[str]]:
    """The alarms of each, by the rule that stands in the template."""
    return {
        name: re.findall(r"\$\{(\w+)\}", json.dumps(alarm["Properties"]["AlarmRule"]))
        for name, alarm in resources("AWS::CloudWatch::CompositeAlarm").items()
    }


def at_stake() -> Mapping[str, str]:
    """Which composed alarm each one belongs to, by its row in the table: what can wait a week, what
    is no money, and the rest.
    """
    rows = re.findall(r"^\| (\[\w+Alarm\].*?) \| (.*?) \| (.*?) \|$", ALARMS, re.MULTILINE)
    return {
        name: _stake(money, soon)
        for names, money, all_soon in rows
        for name, soon in _each(re.findall(r"\[(\w+)\]", names), all_soon.split(", "))
    }


def _each(names: list[str], soon: list[str]) -> list[tuple[str, str]]:
    return list(zip(names, soon if len(soon) > 1 else soon * len(names), strict=True))


def _stake(money: str, soon: str) -> str:
    if soon == "this week":
        return "LaterAlarm"
    return "QuotaAlarm" if money.startswith(_NO_MONEY) else "MoneyAlarm"
