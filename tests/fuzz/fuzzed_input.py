"""Bytes come in; choices and texts leave. The first line chooses, a character at a time, the others
are texts: so that a kept input can be read, and a mutation of one part leaves the others alone.
"""

from collections.abc import Sequence

# A log line or a body may have line breaks of its own; the input's are between texts.
BREAK = "\x1f"


class FuzzedInput:
    """What is no UTF-8 becomes lone surrogates, as JSON can write them."""

    def __init__(self, data: bytes) -> None:
        head, _, self.rest = data.decode("utf-8", "surrogateescape").partition("\n")
        self._choices = iter(head)

    def one_of[T](self, options: Sequence[T]) -> T:
        """The next choice; the first option where there is none any more."""
        return options[(ord(next(self._choices, "0")) - ord("0")) % len(options)]

    @property
    def body(self) -> str:
        """The rest as a queue can hold it: SQS takes no half of a character."""
        return self.rest.encode("utf-8", "replace").decode()

    @property
    def texts(self) -> list[str]:
        return [text.replace(BREAK, "\n") for text in self.rest.split("\n")]


def input_of(choices: str, *texts: str) -> bytes:
    """The input that gives these: for seeds."""
    lines = [choices, *(text.replace("\n", BREAK) for text in texts)]
    return "\n".join(lines).encode("utf-8", "surrogateescape")
