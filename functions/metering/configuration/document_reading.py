"""A configuration document comes in; the configuration leaves, or ConfigurationError with every
fault that there is.
"""

from collections.abc import Sequence

from pydantic import ValidationError

from functions.metering.configuration.version import Configuration
from functions.usage.errors import Permanent
from functions.usage.strict_json import JsonPath, names_twice


class ConfigurationError(Permanent):
    """A document is not usable; each of the `faults` names a field, and what to write there."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"the metering configuration is not usable: {'; '.join(faults)}")
        self.faults = faults


def read_configuration(document: bytes) -> Configuration:
    """A configuration document. ConfigurationError says what is wrong with it, and where."""
    try:
        found = Configuration.model_validate_json(document)
    except ValidationError as error:
        raise refusal(error, _twice(document)) from None
    if twice := names_twice(document):  # pydantic takes the last one, which may be who pays
        raise refusal(None, twice)
    return found


def _twice(document: bytes) -> Sequence[JsonPath]:
    """None where it is no JSON at all, as pydantic says."""
    try:
        return names_twice(document)
    except (ValueError, RecursionError):
        return ()


def refusal(error: ValidationError | None, twice: Sequence[JsonPath] = ()) -> ConfigurationError:
    """With every fault of a document: what pydantic says, and names that stand twice."""
    # Only where there is a fault: no cold start pays for the words, which know the models.
    from functions.metering.configuration.document_faults import in_plain_words  # noqa: PLC0415

    return ConfigurationError(in_plain_words(error, twice))


def default_configuration() -> Configuration:
    """Where there is no document: each request is one API call, and nobody is known by a key."""
    return read_configuration(
        b"""{"versions": [{
            "effectiveFrom": "1970-01-01T00:00:00Z",
            "meters": [{"id": "api_calls", "metricName": "API Calls", "quantity": "1"}]
        }]}"""
    )
