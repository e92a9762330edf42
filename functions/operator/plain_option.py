"""How a flag, and an option that may be repeated, look in a help: without `--no-...` and `[]`; and
a whole number that nobody rounds.
"""

from collections.abc import Sequence

from cyclopts import Parameter, Token

PLAIN = Parameter(negative=(), show_default=False)


def _whole(_type: object, tokens: Sequence[Token]) -> int:
    """Cyclopts reads 10.5 as 10: a limit that nobody gave."""
    text = tokens[0].value
    if not text.removeprefix("-").isdecimal():
        raise ValueError(text)  # option_words says what to write
    return int(text)


WHOLE = Parameter(converter=_whole)
