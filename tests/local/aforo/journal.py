"""The book on disk: what a post brings into the book is in a file before the post is answered.

One line a post, appended and synced. A `kill -9` at any moment leaves every post that was answered,
and those that nobody was answered either whole or not at all: a last line that is cut is dropped.
Read again, it gives the same book: accepted and duplicate events are entered anew, in their order.
Registers, rejections, faults, the record of posts and a clock that was moved are not in it.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from tests.local.aforo.book import Book, Conflict
from tests.local.aforo.rules import Event


class Journal:
    def __init__(self, path: Path) -> None:
        self._path = path
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        self._file = os.open(path, flags, 0o600)  # tokens are no part of it, customers are

    def restore(self, book: Book) -> None:
        """Into an empty book, at the start."""
        content = self._path.read_bytes()
        whole = content.rpartition(b"\n")[0]
        os.ftruncate(self._file, len(whole) + 1 if whole else 0)
        for line in whole.splitlines():
            tenant, at, window, conflict, events = json.loads(line)
            for event in events:
                book.enter(tenant, event, now=at, window=window, conflict=conflict)

    def keep(
        self, tenant: str, events: Sequence[Event], *, now: float, window: float, conflict: Conflict
    ) -> None:
        """On disk when it returns."""
        line = json.dumps([tenant, now, window, conflict, list(events)], separators=(",", ":"))
        rest = f"{line}\n".encode()
        while rest:
            rest = rest[os.write(self._file, rest) :]
        os.fsync(self._file)

    def empty(self) -> None:
        """As the book."""
        os.ftruncate(self._file, 0)

    def close(self) -> None:
        os.close(self._file)
