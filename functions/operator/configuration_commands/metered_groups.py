"""Which logs a deployment meters: those of its parameters and of its configuration. By the list
that metering itself uses; empty where nothing is declared.
"""

from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.operator.configuration_commands.configuration_store import open_store
from functions.operator.deployment.deployment import Deployment


def metered_groups(deployment: Deployment) -> tuple[str, ...]:
    """Their log groups."""
    return tuple(source.log_group for source in _sources(deployment))


def metered_sources(deployment: Deployment) -> tuple[str, ...]:
    """Their names."""
    return tuple(source.name for source in _sources(deployment))


def _sources(deployment: Deployment) -> tuple[SourceDeclaration, ...]:
    return open_store(deployment).in_force().configuration.sources
