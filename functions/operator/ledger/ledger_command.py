"""`aforo-metering ledger`: what the ledger has, each key once.

Rows go to stdout as they are read, all else to stderr. It reads only. Exit status: 0 the answer is
whole (it may have no rows), 1 it is not, 2 the question was not understood.
"""

import os
import sys
from typing import Annotated, Literal

from botocore.exceptions import BotoCoreError, ClientError
from cyclopts import Parameter

from functions.adapters.json_lines import UnreadableObject
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.place import HERE, Place
from functions.operator.ledger.asked_hours import question_of
from functions.operator.ledger.forms import FORMS, LedgerFormat
from functions.operator.ledger.opened_ledger import ledger_bucket, open_ledger
from functions.operator.ledger.question import LedgerQuery
from functions.operator.ledger.reading_progress import ReadingProgress
from functions.operator.plain_option import PLAIN


def ledger(
    *,
    hour: Annotated[
        str | None, Parameter(help="one hour, or a day; a row's occurredAt will do")
    ] = None,
    since: Annotated[
        str | None,
        Parameter(name="--from", help="from this day or hour on (UTC, of the request), or 6h ago"),
    ] = None,
    until: Annotated[
        str | None, Parameter(name="--to", help="up to this day or hour, itself not included")
    ] = None,
    customer: Annotated[str | None, Parameter(help="rows of this customer")] = None,
    meter: Annotated[str | None, Parameter(help="rows of this meter")] = None,
    key: Annotated[
        list[str], PLAIN, Parameter(help="rows of this event key; may be repeated")
    ] = [],  # noqa: B006 - read only
    replay: Annotated[str | None, Parameter(help="rows that this replay settled")] = None,
    outcome: Annotated[
        Literal["confirmed", "unverified", "set_aside"] | None,
        Parameter(help="as it stands in the end; unverified is confirmed without a proof"),
    ] = None,
    form: Annotated[
        LedgerFormat,
        Parameter(name="--format", help="json is a row a line; summary: sums by day"),
    ] = "json",
    bucket: Annotated[
        str | None, Parameter(help="instead of a deployment: the ledger's bucket")
    ] = None,
    place: Place = HERE,
) -> int:
    """Which hours, which rows."""
    rows = LedgerQuery(
        customer_id=customer,
        meter=meter,
        keys=frozenset(key),
        replay_id=replay,
        outcome=outcome,
    )
    question = question_of(hour=hour, since=since, until=until, rows=rows)
    return _answer(question, form, *ledger_bucket(place, bucket))


def _answer(question: LedgerQuery, form: LedgerFormat, region: str | None, bucket: str) -> int:
    progress = ReadingProgress(sys.stderr)
    try:
        ledger = open_ledger(region, bucket)
        if question.is_wide:
            _say("neither --hour nor --from: all of its hours are looked through")
        FORMS[form](question.answer(ledger, progress), sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads us (`| head`) has enough; Python would complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (BotoCoreError, ClientError) as error:
        _say(f"S3 does not give it, and what was shown is not all: {in_plain_words(error)}")
        return 1
    except UnreadableObject as error:
        _say(f"{error.name} is not of this ledger, and what was shown is not all: {error}")
        return 1
    searched = "" if progress.events else f": searched for {question.words()}"
    _say(f"{progress.events} events, from {progress.objects} objects of {bucket}{searched}")
    return 0


def _say(text: str) -> None:
    """One line, whatever the text is."""
    sys.stderr.write(f"ledger: {' '.join(text.split())}\n")
