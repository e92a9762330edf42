"""The alarms of a stack, as CloudWatch has them; their descriptions say where each is explained."""

import re
from collections.abc import Iterator, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any

from functions.operator.deployment.stack_resources import StackResources
from functions.operator.status.stack_status import ALARM, OK, AlarmStatus
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

_KINDS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_NAMES_PER_CALL = 100
# The runbook's section comes first; a dashboard's link has a fragment, too.
_SECTION = re.compile(r"\S+#\S+")
_FIRST = (ALARM, "INSUFFICIENT_DATA", OK)


def alarm_statuses(
    client: "CloudWatchClient", resources: StackResources
) -> tuple[AlarmStatus, ...]:
    """Those that ring first, then by name."""
    names = {physical: logical for logical, physical in resources.of_kind(*_KINDS)}
    found = [_status(names[one["AlarmName"]], one) for one in _described(client, names)]
    return tuple(sorted(found, key=lambda one: (_FIRST.index(one.state), one.name)))


def _described(client: "CloudWatchClient", names: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for batch in batched(sorted(names), _NAMES_PER_CALL, strict=False):
        pages = client.get_paginator("describe_alarms").paginate(
            AlarmNames=list(batch), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for page in pages:
            every = [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]
            yield from (one for one in every if one["AlarmName"] in names)


def _status(name: str, alarm: Mapping[str, Any]) -> AlarmStatus:
    # StateUpdatedTimestamp also moves while the state stays.
    since = alarm.get("StateTransitionedTimestamp", alarm.get("StateUpdatedTimestamp"))
    section = _SECTION.search(alarm.get("AlarmDescription", ""))
    return AlarmStatus(
        name=name,
        state=alarm["StateValue"],
        since=iso_from_epoch_ms(int(since.timestamp() * 1000)) if since else None,
        reason=" ".join(alarm.get("StateReason", "").split()),
        section_url=section[0] if section else "",
    )
