"""What each pattern of the configuration asks for, in words."""

from typing import TypeAliasType

from functions.metering.configuration.access_log_declaration import (
    AccountId,
    KeyPath,
    LogGroup,
    Part,
)
from functions.metering.configuration.meter import ApiId, LineKey, MetadataName, MeterId, Name
from functions.metering.configuration.meter import Quantity as MeterQuantity
from functions.metering.configuration.source_declaration import SourceName
from functions.metering.configuration.version import CustomerId, Path

_NAME = "characters, none of them a control character, the first one no blank"


def _pattern(alias: TypeAliasType) -> str:
    """Of a type alias over an annotated string: the constraint is its only annotation."""
    return str(alias.__value__.__metadata__[0].pattern)


PATTERN_WORDS = {
    _pattern(MeterId): "1 to 63 of a-z, 0-9 and _, beginning with a letter",
    _pattern(Name): f"1 to 256 {_NAME}",
    _pattern(LineKey): f"1 to 128 {_NAME}",
    _pattern(MetadataName): "1 to 63 letters, digits and _, beginning with a letter",
    _pattern(
        MeterQuantity
    ): '"1", "response_bytes" or "context:" and the name of a key of the line',
    _pattern(CustomerId): "1 to 128 letters, digits and . _ : @ + ~ / = -, beginning with a letter"
    " or digit",
    _pattern(Path): "a path that begins with / and has no control characters",
    _pattern(LogGroup): "1 to 512 letters, digits and . _ / # -",
    _pattern(KeyPath): "1 to 128 characters, none of them a control character",
    _pattern(AccountId): "12 digits",
    _pattern(SourceName): "1 to 63 letters, digits and . _ -, beginning with a letter or digit",
    # An API's id and a declaration's parts are of one form.
    _pattern(ApiId): "1 to 128 letters, digits and _ $ -",
    _pattern(Part): "1 to 128 letters, digits and _ $ -",
}
