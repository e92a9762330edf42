"""`$context.name` placeholders in a text: found here, filled by whoever knows how. Pure."""

import re
from collections.abc import Callable
from functools import lru_cache

_VARIABLE = re.compile(r"\$context\.((?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+)")


def fill(template: str, value_of: Callable[[str], str]) -> str:
    """The template with each placeholder replaced by what `value_of` says of its name.

    Values are not looked at again: a value that holds `$context.` stays as it is.
    """
    parts = _parts(template)
    return "".join(
        part if position % 2 == 0 else value_of(part) for position, part in enumerate(parts)
    )


@lru_cache(maxsize=256)
def _parts(template: str) -> tuple[str, ...]:
    return tuple(_VARIABLE.split(template))
