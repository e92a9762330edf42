"""A line of a log comes in; the shape of its format leaves: the names of its keys, no value.

Of a format that is no JSON the shape is its family.
"""

from collections.abc import Mapping
from typing import NamedTuple

from functions.metering.access.format_family import Family, recognise
from functions.metering.field_names import IN_LIST, leaves
from functions.metering.line_text import text_of
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object

# Wider lines are nobody's access log, as `field_plan` has it.
_WIDEST = 64
_EPOCH_DIGITS = frozenset({10, 13})

type Skeleton = Mapping[str, "Skeleton | None"]


class LineShape(NamedTuple):
    """`skeleton`: the keys as they are nested, None where a value stands; `paths`: the same,
    dotted. `epochs`: the paths whose values were milliseconds or seconds. Without a skeleton the
    format is of `family`.
    """

    paths: tuple[str, ...]
    epochs: frozenset[str] = frozenset()
    skeleton: Skeleton | None = None
    family: Family | None = None

    @property
    def key(self) -> object:
        """What all lines of one format have in common, in whatever order."""
        return self.family or frozenset(self.paths)


def shape_of(line: str) -> LineShape | None:
    """None where the line says nothing of its format: JSON that is too wide or no object, a name
    that stands twice.
    """
    members = read_object(line)
    if not isinstance(members, Quarantined):
        return _of_object(members)
    if members.reason == "tamper":
        return None
    found = recognise(line)
    return LineShape((), family=found.family) if found.is_access_log else None


def _of_object(members: Mapping[str, object]) -> LineShape | None:
    # Nobody declares a key inside a list.
    flat = [leaf for leaf in leaves(members) if IN_LIST not in leaf[0]]
    if not 0 < len(flat) <= _WIDEST:
        return None
    epochs = frozenset(path for path, value in flat if _is_epoch(text_of(value)))
    return LineShape(tuple(path for path, _ in flat), epochs, _skeleton(members))


def _skeleton(members: Mapping[str, object]) -> Skeleton:
    return {
        name: _skeleton(value) if isinstance(value, dict) else None
        for name, value in members.items()
    }


def _is_epoch(text: str) -> bool:
    return len(text) in _EPOCH_DIGITS and text.isascii() and text.isdigit()
