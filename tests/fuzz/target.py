"""What is fuzzed: a target takes any bytes, and raises `Finding` where a promise does not hold.

The same check serves the coverage-guided run and the plain one of CI over the kept corpus.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


class Finding(AssertionError):  # noqa: N818 - what fuzzers call it
    """A promise that an input broke; the message says which."""


@dataclass(frozen=True, slots=True)
class Target:
    """`seeds` are inputs to begin with, `words` what a mutation writes into them."""

    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: Sequence[str] = ()


def must(holds: object, promise: str, *facts: object) -> None:
    """Finding where a promise does not hold; `facts` are what a reader needs to see why."""
    if not holds:
        raise Finding(f"{promise}: {', '.join(f'{fact!r}'[:400] for fact in facts)}")
