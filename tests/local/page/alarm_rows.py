"""The stack's alarms as CloudWatch describes them come in; a row for each leaves, with the section
of the docs that its description names.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.local.page.glance import AlarmRow

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

_SECTION = re.compile(r"\S+\.md#\S+|https?://\S+#(?!dashboards)\S+")
_ADDRESS = re.compile(r"\S*(?:://|\.md#)\S*")
# Those that ring first, then those that are known to be well.
_ORDER = {"ALARM": 0, "OK": 1, "INSUFFICIENT_DATA": 2}


def alarm_rows(client: "CloudWatchClient", names: Mapping[str, str]) -> tuple[AlarmRow, ...]:
    """`names` are the stack's own, by what the template calls them."""
    logical = {physical: name for name, physical in names.items()}
    found = [
        AlarmRow(
            logical[alarm["AlarmName"]],
            alarm["StateValue"],
            _ADDRESS.sub("", alarm.get("AlarmDescription", "")).strip(),
            alarm.get("StateReason", ""),
            _section(alarm.get("AlarmDescription", "")),
        )
        for page in client.get_paginator("describe_alarms").paginate()
        for alarm in page["MetricAlarms"]
        if alarm["AlarmName"] in logical
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER.get(one.state, 3), one.name)))


def _section(description: str) -> str:
    found = _SECTION.search(description)
    return found[0] if found else ""
