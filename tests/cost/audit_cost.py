"""What the audit takes for a month without a request, and for a million requests at a rate.

Pure. Numbers of calls leave, and how long they are waited for; CPU is measured. What had to be
assumed is a named constant here, and docs/explanation/cost.md prints it.
"""

import math
from typing import NamedTuple

MONTH_SECONDS = 30 * 86_400
RUN_SECONDS = 300  # AuditCountSchedule
# Each run asks which windows of the day before and of today are known, of one source.
RUN_LISTS = 2
# The day of windows that the second witness asks for, once an hour, and what it finds there.
WITNESS_LISTS = 3
LINES_A_PAGE = 1_600  # 1 MB of FilterLogEvents in lines of 640 bytes
PAGE_MS = 500.0  # between two pages (functions/audit/log/log_pace.py)
LINES_A_QUESTION = 4_500  # to metering: 3 MB
READERS = 10  # objects of the ledger that are fetched at a time
SIEVED = 256  # keys of a window of which the objects' names say which of them may hold one
SKEW_SECONDS, LAG_SECONDS = 300, 60  # objects before and after a window that are looked at
NAMES_A_LIST = 1_000


class Window(NamedTuple):
    """One of a source, at a rate of requests and of objects of the ledger."""

    seconds: int
    requests_a_second: float
    objects_a_second: float

    @property
    def a_month(self) -> float:
        return MONTH_SECONDS / self.seconds

    @property
    def requests(self) -> float:
        return self.requests_a_second * self.seconds

    @property
    def pages(self) -> float:
        """The first is the run's own."""
        return max(self.requests / LINES_A_PAGE, 1.0)

    @property
    def questions(self) -> int:
        return math.ceil(self.requests / LINES_A_QUESTION)

    @property
    def gets(self) -> float:
        """Each object once, where few keys say which; else from before the window on, until all
        keys are found.
        """
        if self.requests <= SIEVED:
            return self.objects_a_second * self.seconds
        return self.objects_a_second * (SKEW_SECONDS + self.seconds + LAG_SECONDS)

    @property
    def lists(self) -> float:
        """An hour's names from the window on; one window of an hour has requests of two."""
        names = self.objects_a_second * (SKEW_SECONDS + self.seconds + 2 * RUN_SECONDS)
        return math.ceil(names / NAMES_A_LIST) * (1 + self.seconds / 3_600)

    def waits_ms(self, call_ms: float) -> float:
        """For the log's pace, for metering, and for the ledger, ten objects at a time."""
        ledger = self.lists + math.ceil(self.gets / READERS)
        return (self.pages - 1) * PAGE_MS + (self.questions + ledger) * call_ms
