"""A file's text as plain values, each with the line on which it stands: for faults that say where.

What a format writes in more ways than one is refused with the reason: `no`, 010 and 1_000 mean in
YAML something else than they seem to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

type Value = str | int | float | bool | list["Value"] | dict[str, "Value"] | None
type ValuePath = tuple[int | str, ...]


@dataclass
class PlacedDocument:
    """The values; where each is in the file, as `line 12` or `row 3, column limit`; and what could
    not be read.
    """

    value: Value
    places: Mapping[ValuePath, str]
    faults: list[str] = field(default_factory=list)

    def place(self, path: ValuePath) -> str:
        """Of the value, or of the nearest around it that has one."""
        for size in range(len(path), -1, -1):
            if (found := self.places.get(path[:size])) is not None:
                return found
        return "the file"
