"""Text of a JSON document comes in, line by line; where it ends leaves, or that it cannot be JSON.

It is told at once, not at the end of the input: raw lines that only begin like a document are
lines. Linear, whatever is nested.
"""

import re
from typing import Literal

type _Expected = Literal["value", "value or end", "key or end", "key", "colon", "next"]

_TOKEN = re.compile(
    r"\s*(?:([{}\[\],:])"
    r'|("(?:[^"\\\x00-\x1f]++|\\.)*+")'
    r"|(-?[0-9][0-9.eE+-]*+|true|false|null|NaN|-?Infinity))"
)
_BLANK = re.compile(r"\s*")
_CLOSES = {"}": "{", "]": "["}


class NotJsonError(Exception):
    """What was scanned is the beginning of no JSON document."""


class JsonScan:
    """One document. `end_in` is called with each of its lines."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._expected: _Expected = "value"

    def end_in(self, line: str, at: int = 0) -> int | None:
        """The place behind the document's last character; None: it goes on. NotJsonError."""
        while True:
            token = _TOKEN.match(line, at)
            if token is None:
                blank = _BLANK.match(line, at)
                if blank is not None and blank.end() == len(line):
                    return None
                raise NotJsonError
            at = token.end()
            self._take(token[1] or ('"' if token[2] else "0"))
            if not self._open:
                return at

    def _take(self, kind: str) -> None:
        match self._expected, kind:
            case (("value" | "value or end"), ("{" | "[")):
                self._open.append(kind)
                self._expected = "key or end" if kind == "{" else "value or end"
            case (("value" | "value or end"), ('"' | "0")):
                self._expected = "next"
            case (("key" | "key or end"), '"'):
                self._expected = "colon"
            case "colon", ":":
                self._expected = "value"
            case "next", ",":
                self._expected = "key" if self._open[-1:] == ["{"] else "value"
            case (("next" | "key or end" | "value or end"), ("}" | "]")) if self._closes(kind):
                self._open.pop()
                self._expected = "next"
            case _:
                raise NotJsonError

    def _closes(self, kind: str) -> bool:
        return self._open[-1:] == [_CLOSES[kind]]
