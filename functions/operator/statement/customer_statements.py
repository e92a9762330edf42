"""What is asked of one customer's statements: show a month, close it, check what was closed."""

from collections import Counter
from typing import NamedTuple, TextIO

from functions.operator.rows import RowFormat, write_rows
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.chain_check import ChainCheck, CheckResult
from functions.operator.statement.closed_chain import ClosedChain, put_statement, read_chain
from functions.operator.statement.closing_reasons import closing_reasons
from functions.operator.statement.customer_objects import CustomerObjects
from functions.operator.statement.drawn_statement import DrawnStatement, draw_statement
from functions.operator.statement.object_lists import put_lists
from functions.operator.statement.statement_document import (
    SignedText,
    customer_folder,
    digest,
    lists_folder,
    statement_name,
)
from functions.operator.statement.statement_forms import write_statement

CHECK_COLUMNS = ("month", "result", "detail")


class CustomerStatements(NamedTuple):
    """Each answer is an exit status; figures go to `out`, all else to the progress."""

    ledger: CustomerObjects
    form: RowFormat
    out: TextIO
    now_ms: int

    def show(self, month: CalendarMonth) -> int:
        """A closed month as it was closed."""
        chain = self._chain()
        if closed := chain.of(str(month)):
            self._show_closed(closed)
            return 0
        drawn = draw_statement(self.ledger, month, chain, self.now_ms)
        if not drawn.is_known:
            return self._unknown(month)
        write_statement(drawn.fields, "", self.out, self.form)
        return 0

    def close(self, month: CalendarMonth, *, even_so: bool) -> int:
        """Refused with all reasons at once."""
        chain = self._chain()
        if closed := chain.of(str(month)):
            self._show_closed(closed)
            return 1
        # A closing of this month that was interrupted is ended by closing it again.
        broken = [
            one for one in chain.faults if not (one.is_unfinished and one.month == str(month))
        ]
        for one in broken:
            self._say(f"not closed: the chain is broken at {one.month}: {one.fault}")
        if broken:
            return 1
        drawn = draw_statement(self.ledger, month, chain, self.now_ms)
        if not drawn.is_known:
            return self._unknown(month)
        reasons = [*closing_reasons(self.ledger, month, drawn.audited, chain, self.now_ms)]
        if reasons and not even_so:
            for reason in reasons:
                self._say(f"not closed: {reason}")
            self._say("--even-so closes it all the same, and the statement says so")
            return 1
        return self._put(month, drawn, reasons)

    def verify(self, month: str | None) -> int:
        """1 when a past was changed, or there is none."""
        chain = self._chain()
        if not chain.statements and not chain.faults:
            folder = f"s3://{self.ledger.bucket}/{customer_folder(self.ledger.customer)}"
            self._say(f"no month of {self.ledger.customer} was closed: {folder} has no statement")
            return 1
        found = [*ChainCheck(self.ledger, chain, self.now_ms).findings(month)]
        write_rows(CHECK_COLUMNS, [one._asdict() for one in found], self.out, self.form)
        results = Counter(one.result for one in found)
        said = ", ".join(f"{count} {result}" for result, count in sorted(results.items()))
        self._say(
            f"{len(chain.statements)} closed months, {self.ledger.progress.objects:,} objects"
            f" read: {said or 'nothing of that month'}"
        )
        return 1 if results[CheckResult.CHANGED] or not found else 0

    def _chain(self) -> ClosedChain:
        ledger = self.ledger
        return read_chain(ledger.client, ledger.bucket, ledger.customer, self.now_ms)

    def _put(self, month: CalendarMonth, drawn: DrawnStatement, reasons: list[str]) -> int:
        client, bucket, customer = self.ledger.client, self.ledger.bucket, self.ledger.customer
        fields = {**drawn.fields, **({"evenSo": reasons} if reasons else {})}
        # The statement last: what it names is there. A crash before it leaves lists that the next
        # closing puts again or does not name.
        put_lists(client, bucket, lists_folder(customer, month), drawn.lists)
        if not put_statement(client, bucket, customer, str(month), fields):
            self._say("not closed: somebody closed it meanwhile")
            return 1
        write_statement(fields, digest(fields), self.out, self.form)
        where = f"s3://{bucket}/{statement_name(customer, month)}"
        self._say(f"closed: {where}, SHA-256 {digest(fields)}: keep this number elsewhere too")
        return 0

    def _show_closed(self, closed: SignedText) -> None:
        write_statement(closed.fields, closed.sha256, self.out, self.form)
        again = f"aforo-metering statement verify --customer {self.ledger.customer}"
        self._say(f"closed {closed.closed.made_at}: `{again}` compares it with the ledger")

    def _unknown(self, month: CalendarMonth) -> int:
        self._say(
            f"{month} has nothing of {self.ledger.customer}: no row and no audited request in"
            f" {self.ledger.progress.objects:,} objects of {self.ledger.bucket}; no closed month"
        )
        return 1

    def _say(self, text: str) -> None:
        self.ledger.progress.say(text)
