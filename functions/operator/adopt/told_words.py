"""What an adoption tells a person: a line while it works, and names of which there may be many."""

import sys
from collections.abc import Sequence


def say(text: str) -> None:
    """On stderr, at once."""
    sys.stderr.write(f"adopt: {text}\n")
    sys.stderr.flush()


def some(names: Sequence[str], most: int) -> str:
    """The first ones, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
