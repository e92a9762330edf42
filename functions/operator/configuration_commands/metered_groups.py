"""Which log groups a deployment meters: those of its parameters and of its configuration."""

from functions.operator.configuration_commands.configuration_store import open_store
from functions.operator.deployment.deployment import Deployment


def metered_groups(deployment: Deployment) -> tuple[str, ...]:
    """By the list that metering itself uses; empty where nothing is declared."""
    configuration = open_store(deployment).in_force().configuration
    return tuple(source.log_group for source in configuration.sources)
