"""The road of the simulation is the template's."""

from tests.simulation.usage_road.road_places import (
    DEAD_VISIBILITY,
    FORWARDER_BATCH,
    FORWARDER_SECONDS,
    METERING_SECONDS,
    SETTLED_VISIBILITY,
    USAGE_VISIBILITY,
)
from tests.template.stack import functions, resources, timeout


def test_times_are_those_of_the_template() -> None:
    """Of queues and functions: a shorter one would hide what a longer one loses."""
    queues = {
        name: found["Properties"]["VisibilityTimeout"]
        for name, found in resources("AWS::SQS::Queue").items()
    }
    assert queues == {
        "UsageQueue": USAGE_VISIBILITY,
        "UsageDeadLetterQueue": DEAD_VISIBILITY,
        "SettledUsageQueue": SETTLED_VISIBILITY,
        "CounterDeadLetterQueue": DEAD_VISIBILITY,
    }
    assert timeout(functions()["MeteringFunction"]) == METERING_SECONDS
    assert timeout(functions()["ForwarderFunction"]) == FORWARDER_SECONDS
    source = resources("AWS::Lambda::EventSourceMapping")["ForwarderSource"]["Properties"]
    assert source["BatchSize"] == FORWARDER_BATCH
