"""The sources that the template's parameters name come in as one text; the one list leaves, theirs
and those of the document together.

`deployed=access:/aws/apigateway/orders/prod,demo-execution=execution:API-Gateway-Execution-Logs_...`
"""

from collections.abc import Sequence

from pydantic import ValidationError

from functions.metering.configuration.document_reading import (
    ConfigurationError,
    default_configuration,
    read_configuration,
    refusal,
)
from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.metering.configuration.version import Configuration
from functions.usage.errors import SettingsError


def read_deployed(text: str) -> tuple[SourceDeclaration, ...]:
    """None of the separators may stand in a name or a log group. SettingsError names the part."""
    return tuple(_read(part.strip()) for part in text.split(",") if part.strip())


def _read(part: str) -> SourceDeclaration:
    name, _, rest = part.partition("=")
    kind, _, group = rest.partition(":")
    try:
        return SourceDeclaration.model_validate({"name": name, "kind": kind, "logGroup": group})
    except ValidationError as error:
        why = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise SettingsError(f"DEPLOYED_SOURCES: {part!a} names no source: {why}") from None


def with_deployed(
    configuration: Configuration, deployed: Sequence[SourceDeclaration]
) -> Configuration:
    """The one list: the sources of the document, and those that the template's parameters name.

    Where both name a log group, the document's declaration stands. ConfigurationError where they
    contradict each other.
    """
    declared = {source.log_group: source for source in configuration.sources}
    for source in deployed:
        other = declared.setdefault(source.log_group, source)
        if other.kind != source.kind:
            fault = (
                f"sources: {other.name} declares {source.log_group} as {other.kind}, and the"
                f" stack's parameters as {source.kind}"
            )
            raise ConfigurationError([fault])
    try:
        return Configuration(sources=tuple(declared.values()), versions=configuration.versions)
    except ValidationError as error:
        raise refusal(error) from None


class ConfigurationReader:
    """Makes configurations with the one list in them. ConfigurationError where `deployed` do not
    agree among themselves.
    """

    def __init__(self, deployed: Sequence[SourceDeclaration] = ()) -> None:
        self._deployed = deployed
        self.default = with_deployed(default_configuration(), deployed)

    def read(self, document: bytes) -> Configuration:
        """A document and the parameters' sources. ConfigurationError says what is wrong."""
        return with_deployed(read_configuration(document), self._deployed)
