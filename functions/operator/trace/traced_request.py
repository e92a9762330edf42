"""What a trace says of one request, as a person or a program reads it."""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from functions.operator.explain.terminal_text import printable
from functions.operator.trace.waypoint import Waypoint

_INDENT = "    "
_PLACE = ("logGroup", "logStream")


class TracedRequest(NamedTuple):
    """`differs` are sentences on what is billed otherwise than today's configuration would."""

    head: Mapping[str, object]
    waypoints: tuple[Waypoint, ...]
    differs: tuple[str, ...]
    verdict: str

    def as_json(self) -> str:
        """One line."""
        road = {one.place: one.as_json() for one in self.waypoints}
        said = {**self.head, "road": road, "differs": self.differs, "verdict": self.verdict}
        return json.dumps(said)

    def as_text(self) -> str:
        """The road from the log to the counter, and the sentence at its end."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"request {_named(self.head)}"
        for one in self.waypoints:
            yield f"  {one.place}"
            before: Mapping[str, object] = {}
            for row in one.rows:
                yield from _log_lines(row, before) if "message" in row else _row_line(row)
                before = row
            if one.not_told:
                yield f"{_INDENT}not all can be told: {printable(one.not_told)}"
            elif not one.rows:
                yield f"{_INDENT}not there: {printable(one.absent)}"
        for sentence in self.differs:
            yield f"  DIFFERS: {printable(sentence)}"
        yield f"  {printable(self.verdict)}"


def _log_lines(row: Mapping[str, object], before: Mapping[str, object]) -> Iterator[str]:
    """Where it stands, once for the lines of a request that stand there, and the line itself."""
    place = {name: row.get(name) for name in _PLACE}
    if place != {name: before.get(name) for name in _PLACE}:
        yield f"{_INDENT}{_named(place)}"
    yield f"{_INDENT}{row.get('time')} {printable(str(row['message']))}"


def _row_line(row: Mapping[str, object]) -> Iterator[str]:
    yield f"{_INDENT}{_named(row)}"


def _named(fields: Mapping[str, object]) -> str:
    """Names and values; what is not known is left out."""
    return ", ".join(
        f"{name} {_value(said)}" for name, said in fields.items() if said not in (None, "", [], {})
    )


def _value(said: object) -> str:
    match said:
        case str():
            return printable(said)
        case bool():
            return "yes" if said else "no"
        case Mapping():
            return f"({_named(said)})"
        case list() | tuple():
            return " ".join(map(_value, said))
        case _:
            return str(said)
