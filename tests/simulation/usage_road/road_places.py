"""The places of the road, by the names that disturbances and whereabouts use."""

from tests.simulation.gateway_request import EXECUTION_API, EXECUTION_STAGE
from tests.simulation.simulation import Simulation

LOG = "the log"  # of lines that no delivery has taken yet, or that none ever will
LOG_GROUP = "/aws/apigateway/orders/prod"
EXECUTION_LOG_GROUP = f"API-Gateway-Execution-Logs_{EXECUTION_API}/{EXECUTION_STAGE}"
USAGE_QUEUE = "usage queue"
USAGE_DEAD_LETTERS = "usage dead letters"
SETTLED_QUEUE = "settled queue"
COUNTER_DEAD_LETTERS = "counter dead letters"
LEDGER = "ledger"
QUARANTINE = "quarantine"
CONFIGURATION = "configuration"
SECRETS = "secrets"
AFORO = "Aforo"
METERING, FORWARDER = "metering", "forwarder"

CONFIGURATION_KEY = "configuration/metering.json"
# template.yaml has these; tests/simulation/test_usage_road.py compares them.
USAGE_VISIBILITY, DEAD_VISIBILITY, SETTLED_VISIBILITY = 780, 300, 361
FORWARDER_BATCH, METERING_SECONDS, FORWARDER_SECONDS = 100, 60, 120


def add_places(sim: Simulation) -> None:
    """Queues, buckets and the logs, empty."""
    sim.queue(USAGE_DEAD_LETTERS, visibility_seconds=DEAD_VISIBILITY, is_followed=True)
    sim.queue(COUNTER_DEAD_LETTERS, visibility_seconds=DEAD_VISIBILITY)
    sim.queue(
        USAGE_QUEUE,
        visibility_seconds=USAGE_VISIBILITY,
        dead_letters=USAGE_DEAD_LETTERS,
        is_followed=True,
    )
    sim.queue(
        SETTLED_QUEUE, visibility_seconds=SETTLED_VISIBILITY, dead_letters=COUNTER_DEAD_LETTERS
    )
    for name in (LEDGER, QUARANTINE, CONFIGURATION):
        sim.bucket(name)
    sim.log_group(LOG_GROUP)
    if sim.scenario.has_execution_log:
        sim.log_group(EXECUTION_LOG_GROUP)
