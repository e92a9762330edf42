"""`aforo-metering compare`: what was billed elsewhere beside what ours bills, or would bill.

Ours is a log, metered as `explain` does it, or the ledger of a stack. It reads only. Exit status: 0
both bill the same, 1 they do not, 2 the question or the input was not understood.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated

from cyclopts import Parameter

from functions.operator.deployment.deployment import TargetError
from functions.operator.deployment.place import HERE, Place
from functions.operator.explain.asked_terms import AS_IT_STANDS, AskedTerms
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.explain_command import S3
from functions.operator.explain.explained_log import explained_log
from functions.operator.explain.given_files import STANDARD_INPUT, OpenS3, given_files, open_s3
from functions.operator.explain.given_log import read_log
from functions.operator.file_words import file_words
from functions.operator.ledger.asked_hours import question_of
from functions.operator.ledger.question import LedgerQuery
from functions.operator.migration.bill_comparison import BillComparison, HourWindow
from functions.operator.migration.comparison_forms import summary, write_comparison
from functions.operator.migration.meter_names import meter_names
from functions.operator.migration.other_bill import OtherCharge, read_other_bill
from functions.operator.migration.our_charges import OurSide, of_ledger, of_log
from functions.operator.plain_option import PLAIN
from functions.operator.rows import RowFormat
from functions.operator.still_working import StillWorking

# A screen; all of them stand in the other forms.
SHOWN = 20


def compare(
    billed: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            help="what was billed elsewhere: CSV or JSON lines; a file, a folder, s3://, or -",
        ),
    ],
    log: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="the log to meter, as `explain` takes it; without it: a deployment's ledger",
        ),
    ] = None,
    /,
    *,
    since: Annotated[
        str | None, Parameter(name="--from", help="from this day or hour on (UTC, of the request)")
    ] = None,
    until: Annotated[
        str | None, Parameter(name="--to", help="up to this day or hour, itself not included")
    ] = None,
    metric: Annotated[
        list[str], PLAIN, Parameter(help="THEIRS=OURS: which meter a metric is; may be repeated")
    ] = [],  # noqa: B006 - read only
    form: Annotated[
        RowFormat, Parameter(name="--format", help="json and csv name every request")
    ] = "table",
    show: Annotated[int, Parameter(help="how many requests a table names")] = SHOWN,
    asked: AskedTerms = AS_IT_STANDS,
    bucket: Annotated[
        str | None, Parameter(help="instead of a deployment: the ledger's bucket")
    ] = None,
    place: Place = HERE,
    s3: S3 = open_s3,
) -> int:
    """Both sides are read in one window of hours."""
    hours = question_of(hour=None, since=since, until=until, rows=LedgerQuery())
    if log is not None and (place.stack or bucket):
        raise TargetError("LOG: give it, or --stack or --bucket")
    if billed == log == STANDARD_INPUT:
        raise TargetError("LOG: standard input is read for what was billed; name a file")
    set_aside: Counter[str] = Counter()
    try:
        names = meter_names(asked.configuration(), metric)
        found = BillComparison(names, HourWindow(hours.since, hours.until))
        ours = _of_log(log, asked, s3) if log else _of_ledger(place, bucket, hours, set_aside)
        with StillWorking("compare", "reading") as working:
            unlike = found.unlike_requests(
                _counted(_theirs(billed, s3), working, "rows of what was billed elsewhere"),
                _counted(ours, working, "requests and events of ours"),
            )
            write_comparison(found, unlike, sys.stdout, form, show)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough, and nobody knows how it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except BadInputError as error:
        raise TargetError(str(error)) from None
    except OSError as error:
        raise TargetError(file_words(error)) from None
    _tell(found, set_aside, is_table=form == "table")
    return 0 if found.is_equal() else 1


def _theirs(billed: str, s3: OpenS3) -> Iterator[OtherCharge]:
    for file in given_files(billed, s3):
        try:
            yield from read_other_bill(file.pieces)
        except BadInputError as error:
            raise BadInputError(f"{file.name}: {error}") from None


def _of_log(log: str, asked: AskedTerms, s3: OpenS3) -> Iterator[OurSide]:
    deliveries = read_log(given_files(log, s3), asked.kind)
    return of_log(explained_log(deliveries, asked.kind, asked.terms()))


def _of_ledger(
    place: Place, bucket: str | None, hours: LedgerQuery, set_aside: Counter[str]
) -> Iterator[OurSide]:
    # boto3 takes half a second to import: who gives a log does not wait for it.
    from functions.operator.ledger.opened_ledger import ledger_bucket, open_ledger  # noqa: PLC0415
    from functions.operator.ledger.reading_progress import ReadingProgress  # noqa: PLC0415

    ledger = open_ledger(*ledger_bucket(place, bucket))
    # The command tells of its progress itself: for the ledger's, no time passes.
    rows = hours.answer(ledger, ReadingProgress(sys.stderr, clock=lambda: 0.0))
    return of_ledger(rows, set_aside)


def _counted[Item](items: Iterable[Item], working: StillWorking, what: str) -> Iterator[Item]:
    for number, item in enumerate(items, 1):
        working.doing = f"{number} {what}"
        yield item


def _tell(found: BillComparison, set_aside: Counter[str], *, is_table: bool) -> None:
    """On stderr, whatever is no row."""
    lines = [] if is_table else list(summary(found))
    lines += [
        f"{metric}: no meter of the configuration has this name: --metric '{metric}=METER'"
        for metric in sorted(found.unknown_metrics)
    ]
    if set_aside:
        classes = ", ".join(f"{count} {name}" for name, count in sorted(set_aside.items()))
        lines.append(f"set aside, and not counted as ours until a replay: {classes}")
    sys.stderr.writelines(f"compare: {' '.join(line.split())}\n" for line in lines)
