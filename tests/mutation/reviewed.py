"""`survivors.toml` comes in; the mutants that may live leave, each with the reason.

A mutant is known by its module, its place and the lines that differ: a changed line has to be
reviewed again, a moved one has not.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.local.endpoints import ROOT

FILE = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A mutant that somebody read, and why it does no harm. Equal mutants are reviewed at once:
    the same change of two lines that read alike.
    """

    module: str
    place: str
    was: str
    now: str
    why: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.module, self.place, self.was, self.now)


def reviewed() -> list[Reviewed]:
    """All of the file, in its order."""
    return [
        Reviewed(**{name: text.strip("\n") for name, text in one.items()})
        for one in tomllib.loads(FILE.read_text()).get("survivor", ())
    ]


def stands_in(one: Reviewed) -> bool:
    """Whether the lines that a reviewed mutant changes are still there, one after the other."""
    lines = [line.strip() for line in (ROOT / one.module).read_text().splitlines()]
    was = one.was.splitlines()
    return any(lines[at : at + len(was)] == was for at in range(len(lines) - len(was) + 1))


def twice(found: Iterable[Reviewed]) -> list[str]:
    """What is reviewed more than once."""
    counts = Counter(one.key for one in found)
    return [f"{module}: {now}" for (module, _, _, now), count in counts.items() if count > 1]
