"""What nobody could tell of: by how many seconds the watermark may then be younger than what waits.
docs/explanation/quota.md says the same.
"""

from collections.abc import Mapping

from tests.simulation.aws.asynchronous import RETRIES
from tests.simulation.usage_road.road_places import SETTLED_VISIBILITY, USAGE_VISIBILITY

# A process of a stop died: what it had received shows again after that, and goes its way. Of
# metering also a delivery that was cut off from UsageQueue.
DEATH_SECONDS: Mapping[str, float] = {
    "metering": sum(RETRIES) + 30,
    "forwarder": USAGE_VISIBILITY + 30,
    "reconciliation": SETTLED_VISIBILITY + 30,
}
# The stalls that were told are lost with the counters, until what waits is tried again.
LOSS_SECONDS = 930.0
# After an outage of SettledUsageQueue a heartbeat may be there before the stalls, which are tried
# again every 20 s.
TELLING_SECONDS = 30.0
