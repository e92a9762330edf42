"""Which lines of a chunk are of the window that is audited, and which are kept."""

from dataclasses import dataclass

from functions.adapters.log_events import LogLine
from functions.audit.comparison.refusals import Refusals, lines_within
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


@dataclass
class KeptIds:
    """A quarantine that keeps the lines with these ids."""

    reasons: dict[str, str]

    def reason_of(self, _log_stream: str, line: LogLine) -> str | None:
        return self.reasons.get(line["id"])


def test_a_request_is_kept_when_all_of_its_lines_are() -> None:
    """Of one whose last line nobody keeps, no replay could make the request again."""
    lines = tuple({"id": str(n), "timestamp": START_MS + n, "message": "m"} for n in range(3))
    chunk = Chunk("stream", lines, kind="execution")
    kept = KeptIds({"0": "no_customer", "1": "delivery"})
    refusals = Refusals(lambda: kept)
    assert refusals.reason_of(chunk, [0, 1]) == "no_customer"
    assert refusals.reason_of(chunk, [0, 1, 2]) == ""
    kept.reasons["2"] = "failed_delivery"
    assert refusals.reason_of(chunk, [0, 1, 2]) == "no_customer"
