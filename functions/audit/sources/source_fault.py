"""What can be wrong with a source on AWS's side, so that nothing comes of its requests."""

from enum import StrEnum
from typing import NamedTuple


class SourceFault(StrEnum):
    """docs/reference/alarms.md, SourceChangedAlarm, says of each what to do."""

    GROUP_GONE = "group_gone"  # the log group is not there
    NOT_SUBSCRIBED = "not_subscribed"  # no filter without a pattern leads to metering
    STAGE_GONE = "stage_gone"  # the API, or its stage
    NOT_LOGGED = "not_logged"  # the stage logs elsewhere, or not at all
    FORMAT_UNFIT = "format_unfit"  # the format lacks what every bill needs
    NOT_REPLAYED = "not_replayed"  # an execution log, and no schedule replays its cut requests
    AUTHORIZER_GONE = "authorizer_gone"  # no authorizer of the API leads to ours
    RESPONSE_CHANGED = "response_changed"  # a denial of ours says no code any more


class FoundFault(NamedTuple):
    """`seen` is what stands there instead."""

    fault: SourceFault
    seen: str
