"""The metered log groups of a deployment, searched for requests; what was searched is remembered.

Read-only. A log group that is gone or refused is told, and hides no other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.log_events import LogBusy, LogNotReadable
from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.operator.aws_words import in_plain_words
from functions.operator.explain.explanation import ExplainTerms
from functions.operator.trace.log_search import COVERED_MS, LogSearch
from functions.operator.trace.logged_request import LoggedRequest, logged_requests
from functions.operator.trace.request_question import RequestQuestion
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms

# An access log's line is written with the answer, an execution log's first one with the request.
BEFORE_MS = 60_000


@dataclass(slots=True)
class SearchedLog:
    """`progress` is told what is being searched."""

    search: LogSearch
    sources: Sequence[SourceDeclaration]
    terms: ExplainTerms
    progress: Callable[[str], None]
    faults: list[str] = field(default_factory=list)
    from_ms: int | None = None
    to_ms: int | None = None

    def with_id(self, question: RequestQuestion) -> list[LoggedRequest]:
        """The youngest first. A caller chooses the request id, so all of the span is searched for
        it; the extended one is of one request.
        """
        found: list[LoggedRequest] = []
        for begin, end in _pieces(*question.span):
            of_piece = self._requests(begin, end, question.log_id)
            found += [one for one in of_piece if _is_meant(one, question)]
            if self._is_over() or (found and question.extended_request_id):
                break
        # All lines of a request of an execution log are found from each of the pieces they are in.
        return list({_lines_of(one): one for one in found}.values())

    def around(self, first_ms: int, last_ms: int) -> Iterator[LoggedRequest]:
        """Every request that was made in the span, by the time that its line says."""
        for one in self._requests(first_ms - BEFORE_MS, last_ms + COVERED_MS):
            if one.time_ms is not None and first_ms <= one.time_ms <= last_ms:
                yield one

    def words(self) -> str:
        """What was searched."""
        groups = ", ".join(source.log_group for source in self.sources)
        if self.from_ms is None or self.to_ms is None:
            return "nothing was searched"
        span = f"between {iso_from_epoch_ms(self.from_ms)} and {iso_from_epoch_ms(self.to_ms)}"
        return f"{span}: searched {len(self.sources)} log groups ({groups})"

    def _requests(self, from_ms: int, to_ms: int, term: str = "") -> Iterator[LoggedRequest]:
        self.from_ms = from_ms if self.from_ms is None else min(self.from_ms, from_ms)
        self.to_ms = to_ms if self.to_ms is None else max(self.to_ms, to_ms)
        for source in self.sources:
            self.progress(f"searching {source.log_group} from {iso_from_epoch_ms(from_ms)}")
            try:
                for delivery in self.search.deliveries(source, from_ms, to_ms, term):
                    yield from logged_requests(source, delivery, self.terms)
            except LogBusy:
                self._fault(
                    f"{source.log_group}: not all of it was read: narrow it by --at and"
                    " --within, or give more --wait"
                )
            except LogNotReadable as error:
                self._fault(f"{error}: it may not be read, or not all of it can be had")
            except (BotoCoreError, ClientError) as error:
                self._fault(f"{source.log_group}: {in_plain_words(error)}")

    def _fault(self, words: str) -> None:
        if words not in self.faults:
            self.faults.append(words)

    def _is_over(self) -> bool:
        return self.search.clock() >= self.search.until


def _pieces(first_ms: int, last_ms: int) -> Iterator[tuple[int, int]]:
    """An hour, and each before it twice as long: a day is five calls for each group. Ends belong to
    their piece, as FilterLogEvents has it.
    """
    end, length = last_ms + 1, HOUR_MS
    while end > first_ms:
        begin = max(first_ms, end - length)
        yield begin, end - 1
        end, length = begin, 2 * length


def _lines_of(one: LoggedRequest) -> tuple[object, ...]:
    request, lines = one.explained.request, one.log_events
    extended = request.extended_request_id if request else None
    return one.delivery.log_group, extended, *(line.get("id") for line in lines)


def _is_meant(one: LoggedRequest, question: RequestQuestion) -> bool:
    """A line that says no such id is of it if it holds the text at all, as all that were found."""
    request = one.explained.request
    said = request and (
        request.extended_request_id if question.extended_request_id else request.request_id
    )
    return said is None or said == question.log_id
