"""Which lines of a chunk are of the window that is audited."""

from functions.audit.comparison.refusals import lines_within
from functions.audit.log.log_chunk import Chunk
from functions.audit.window import AuditWindow

START_MS, END_MS = 1_795_435_200_000, 1_795_435_500_000


def test_a_line_belongs_to_one_window() -> None:
    """Its first millisecond is in, its last one too, and the next window's first is not; so two
    windows count no line twice, and none is left out.
    """
    stamps = (START_MS - 1, START_MS, END_MS - 1, END_MS, END_MS + 1)
    lines = tuple({"id": str(at), "timestamp": at, "message": "m"} for at in stamps)
    chunk = Chunk("stream", lines)
    this = AuditWindow("orders", START_MS, END_MS)
    following = AuditWindow("orders", END_MS, END_MS + 300_000)
    assert [*lines_within(chunk, this)] == [1, 2]
    assert [*lines_within(chunk, following)] == [3, 4]
