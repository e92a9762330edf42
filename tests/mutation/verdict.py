"""What becomes of a mutant."""

from collections.abc import Callable
from enum import StrEnum


class Verdict(StrEnum):
    """In the order of the table."""

    KILLED = "killed"
    SURVIVED = "survived"
    NO_TESTS = "no tests"
    TIMEOUT = "timeout"


ALIVE = frozenset({Verdict.SURVIVED, Verdict.NO_TESTS})

# Told of the mutant at a place, in whichever process knows first.
type Tell = Callable[[int, Verdict], object]
