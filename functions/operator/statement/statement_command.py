"""`aforo-metering statement`: what a customer used in a month and what became of it; closes the
month; checks what was closed.

Exit status: 0 done; 1 there is nothing to show, it was not closed, or a past was changed; 2 the
question was not understood.
"""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

from botocore.exceptions import BotoCoreError, ClientError
from cyclopts import Parameter

from functions.adapters.json_lines import UnreadableObject
from functions.operator.aws_session import aws_session
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import TargetError
from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.ledger.opened_ledger import ledger_bucket, open_ledger
from functions.operator.plain_option import PLAIN
from functions.operator.rows import RowFormat
from functions.operator.statement.aforo_figure import aforo_figure
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.customer_objects import CustomerObjects
from functions.operator.statement.customer_statements import CustomerStatements
from functions.operator.statement.month_progress import MonthProgress

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


type Clock = Annotated[Callable[[], int], Parameter(parse=False)]


def statement(
    what: Annotated[
        Literal["show", "verify"], Parameter(help="verify: check the closed months of the customer")
    ] = "show",
    /,
    *,
    customer: Annotated[str, Parameter(help="whose")],
    month: Annotated[
        str | None, Parameter(help="2026-11, a month in UTC; verify: only this one")
    ] = None,
    form: Annotated[RowFormat, Parameter(name="--format", help="of the answer")] = "table",
    close: Annotated[bool, PLAIN, Parameter(help="close the month: then it never changes")] = False,
    even_so: Annotated[
        bool, PLAIN, Parameter(help="close it whatever stands against it; the statement says what")
    ] = False,
    ask_aforo: Annotated[
        bool, PLAIN, Parameter(help="of the month that runs: what Aforo says now, on stderr")
    ] = False,
    bucket: Annotated[
        str | None, Parameter(help="instead of a deployment: the ledger's bucket")
    ] = None,
    place: Place = HERE,
    clock: Clock = _now_ms,
) -> int:
    """One customer, one month."""
    is_check = what == "verify"
    chosen = CalendarMonth.read(month) if month else None
    if is_check and (close or even_so):
        raise TargetError("--close: a check closes nothing; leave `verify` out")
    if not (customer and customer.isprintable()):
        raise TargetError("--customer: give a customer's id, as the ledger has it")
    if even_so and not close:
        raise TargetError("--even-so: it goes with --close")
    if not is_check and chosen is None:
        raise TargetError("--month: give one, such as 2026-11")
    if ask_aforo:
        _check_askable(chosen, bucket, clock())
    region, name = ledger_bucket(place, bucket)
    progress = MonthProgress(sys.stderr)
    open_ledger(region, name)
    s3: S3Client = aws_session(region).client("s3")
    ledger = CustomerObjects(s3, name, customer, progress)
    statements = CustomerStatements(ledger, form, sys.stdout, clock())
    try:
        if chosen is None or is_check:
            return statements.verify(month)
        ended = statements.close(chosen, even_so=even_so) if close else statements.show(chosen)
    except (BotoCoreError, ClientError) as error:
        names = " ".join(getattr(error, "__notes__", ()))
        said = f"{in_plain_words(error)} {names}"
        progress.say(f"S3 does not give it, and nothing was closed: {said}")
        return 1
    except UnreadableObject as error:
        progress.say(f"nothing was closed: {error}")
        return 1
    if ask_aforo:
        sys.stderr.write(_aforo_says(place, customer) + "\n")
    return ended


def _check_askable(month: CalendarMonth | None, bucket: str | None, now_ms: int) -> None:
    """TargetError: of no other month does Aforo say anything to a gateway."""
    if bucket:
        raise TargetError("--ask-aforo: a function of the deployment asks: leave --bucket out")
    if month is None or not month.start_ms <= now_ms < month.end_ms:
        raise TargetError(
            "--ask-aforo: Aforo tells of the month that runs; of another export its bill, and"
            " `aforo-metering compare` compares"
        )


def _aforo_says(place: Place, customer: str) -> str:
    found = find_deployment(place)
    function = found.output("ReconciliationFetchFunctionArn")
    try:
        return aforo_figure(aws_session(found.region).client("lambda"), function, customer)
    except (BotoCoreError, ClientError) as error:
        return f"Aforo was not asked: {in_plain_words(error)}"
