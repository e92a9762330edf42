"""Lines without a time of their own come in, JSON documents among them; log records leave.

A line is a log event, unless it goes on with what is not at its end: a JSON document that was
printed over many lines, or the body in an execution log that had line breaks. Several documents in
one line are taken apart only where none of the earlier ones holds text of a client, who could have
written the others.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator

from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.json_scan import JsonScan, NotJsonError
from functions.operator.explain.line_origin import (
    continues_execution,
    is_execution,
    is_of_gateway,
)
from functions.operator.explain.log_envelopes import begins_as_envelope, unpacked
from functions.operator.explain.log_record import LogRecord, Read

_PAIRS = ("{}", "[]")
_OPENINGS = frozenset({"{", "["})
_BOUNDARY = re.compile(r"[}\]]\s*,?\s*[{\[]")
_SEPARATOR = re.compile(r"\s*,?\s*")
# No request has more; to look at each line again and again would take the square of them.
_LINES_AGAIN = 1000


def raw_records(lines: Iterable[str]) -> Iterator[Read]:
    """BadInputError where the input begins as a document that carries log events, and is none."""
    reader = _RawLines()
    for line in lines:
        if line.strip():
            reader.waiting.append(line)
            yield from reader.take()
    while reader.is_open():
        yield from reader.end()


class _RawLines:
    def __init__(self) -> None:
        self.waiting: deque[str] = deque()
        self._execution: list[str] = []  # of the last log event, where it was one
        self._document: list[str] = []  # of a document that is not at its end
        self._scan = JsonScan()
        self._begun = False
        self._is_behind_document = False

    def is_open(self) -> bool:
        """Whether lines were taken of which nothing was said."""
        return bool(self._execution or self._document)

    def take(self) -> Iterator[Read]:
        """What is known now of the lines that wait."""
        while self.waiting:
            line = self.waiting.popleft()
            if self._document:
                yield from self._go_on(line)
            elif self._execution and continues_execution(line):
                self._execution.append(line)
            else:
                yield from self._begin(line)

    def end(self) -> Iterator[Read]:
        """No line comes any more."""
        yield from self._flushed()
        if self._document:
            yield from self._given_up()
            yield from self.take()

    def _begin(self, line: str) -> Iterator[Read]:
        yield from self._flushed()
        text = line.strip()
        is_separator, self._is_behind_document = text == "," and self._is_behind_document, False
        if is_separator:
            return
        if text.startswith(("{", "[")):
            yield from self._json(line)
        elif is_execution(line):
            self._execution = [line]
        else:
            yield self._line(line)

    def _go_on(self, line: str) -> Iterator[Read]:
        try:
            end = self._scan.end_in(line)
        except NotJsonError:
            self.waiting.appendleft(line)
            yield from self._given_up()
        else:
            self._document.append(line)
            yield from () if end is None else self._closed(end)

    def _line(self, line: str) -> LogRecord:
        self._begun = True
        return LogRecord(line)

    def _flushed(self) -> Iterator[Read]:
        if self._execution:
            yield self._line("\n".join(self._execution))
            self._execution = []

    def _json(self, line: str) -> Iterator[Read]:
        """A line that begins as a document: whole on this line, nearly always."""
        text = line.strip()
        if text[0] + text[-1] in _PAIRS and not _BOUNDARY.search(text):
            yield from self._carried(line)
        else:
            yield from self._documents(line, len(line) - len(line.lstrip()))

    def _documents(self, line: str, at: int) -> Iterator[Read]:
        """Those that begin on this line; what is none of them is a line."""
        while at < len(line):
            scan = JsonScan()
            try:
                end = scan.end_in(line, at)
            except NotJsonError:
                self._refuse_if_cut(line[at:])
                yield self._line(line[at:])
                return
            if end is None:
                self._document, self._scan = [line[at:]], scan
                return
            behind = _behind(line, end)
            if behind < len(line) and not is_of_gateway(line[at:end]):
                yield self._line(line[at:])
                return
            yield from self._carried(line[at:end])
            at = behind

    def _closed(self, end: int) -> Iterator[Read]:
        """A document over many lines: whoever printed it had read it, so its end is its end."""
        last = self._document.pop()
        text = "\n".join([*self._document, last[:end]])
        self._document, self._is_behind_document = [], True
        yield from self._carried(text)
        yield from self._documents(last, _behind(last, end))

    def _carried(self, text: str) -> Iterator[Read]:
        try:
            carried = unpacked(text)
        except BadInputError:
            if not self._begun:
                raise
            carried = None  # among other lines it is one that cannot be read
        self._begun = True
        yield from [LogRecord(text)] if carried is None else carried

    def _given_up(self) -> Iterator[Read]:
        """A document that was cut is one log event. A line that only looked like the beginning of
        one is a line, and the next ones are looked at again.
        """
        lines, self._document = self._document, []
        self._refuse_if_cut(lines[0])
        if lines[0].strip() in _OPENINGS:
            yield self._line("\n".join(lines))
            return
        yield self._line(lines[0])
        if len(lines) <= _LINES_AGAIN:
            self.waiting.extendleft(reversed(lines[1:]))
        else:
            yield from map(self._line, lines[1:])

    def _refuse_if_cut(self, first: str) -> None:
        is_opening = first.strip() in _OPENINGS or begins_as_envelope(first)
        if is_opening and not self._begun:
            raise BadInputError("the input begins as JSON, but is not: is it cut? Save all of it")


def _behind(line: str, at: int) -> int:
    """The place behind what separates documents."""
    separator = _SEPARATOR.match(line, at)
    return separator.end() if separator else at
