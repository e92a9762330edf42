"""One subcommand of `aforo-metering`, as a table of contents names it."""

from typing import NamedTuple

_PACKAGE = "functions.operator"


class Subcommand(NamedTuple):
    """One subcommand. `words` are its name, after its group's if it is in one."""

    words: str
    place: str
    text: str

    @property
    def function(self) -> str:
        """The import path of what runs."""
        return f"{_PACKAGE}.{self.place}"
