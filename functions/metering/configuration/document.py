"""What every part of the configuration document is: frozen, in camelCase, without unknown names."""

from functions.usage.from_outside import FromOutside


class Document(FromOutside):
    """A misspelt name is refused: it would silently bill by a default."""
