"""`aforo-metering explain`: what metering would make of a log, request by request; nothing is sent,
AWS is asked only for a log that stands in S3.

Reads what people have in hand (`bad_input.TAKES`). Prints one JSON object per request; a summary
and advice on each format that is not billed go to stderr, on a terminal below a table of requests.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated, Literal, TextIO

from cyclopts import Parameter

from functions.operator.explain.advice.advice_text import advice_lines
from functions.operator.explain.advice.format_table import FormatTable
from functions.operator.explain.asked_terms import AS_IT_STANDS, AskedTerms
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.explained_line import printed
from functions.operator.explain.explained_log import explained_log
from functions.operator.explain.explanation import Explained
from functions.operator.explain.given_files import OpenS3, given_files, open_s3
from functions.operator.explain.given_log import read_log
from functions.operator.explain.recognition import is_request
from functions.operator.explain.summary import summary
from functions.operator.explain.tally import Tally
from functions.operator.file_words import file_words
from functions.operator.still_working import StillWorking

# Tests give another; no option does.
type S3 = Annotated[OpenS3, Parameter(parse=False)]


def explain(
    file: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            help="a file, a folder or s3://bucket/prefix; - is standard input",
        ),
    ] = "-",
    /,
    *,
    asked: AskedTerms = AS_IT_STANDS,
    form: Annotated[
        Literal["table", "json"] | None,
        Parameter(
            name="--format",
            help="without it: a table on a terminal, else JSON lines, one a request; summary and "
            "advice then go to stderr",
        ),
    ] = None,
    s3: S3 = open_s3,
) -> int:
    """Exit status 0: explained; 2: bad input, with the reason in one line on stderr."""
    tally = Tally()
    is_table = form == "table" or (form is None and sys.stdout.isatty())
    try:
        terms = asked.terms()
        formats = FormatTable(terms.configuration)
        found = explained_log(read_log(given_files(file, s3), asked.kind), asked.kind, terms)
        with StillWorking("explain", "reading") as working:
            for _ in _shown(_requests(found, tally, formats), sys.stdout, is_table=is_table):
                working.doing = f"{tally.requests} requests"
        sys.stdout.flush()
        advice = advice_lines(formats, terms.configuration)
        _write(chain(summary(tally), advice), sys.stdout if is_table else sys.stderr)
        sys.stdout.flush()
    except BadInputError as error:
        return _refuse(str(error))
    except BrokenPipeError:  # `| head` has seen enough
        sys.stdout = None
        _write(summary(tally), sys.stderr)
    except OSError as error:
        return _refuse(file_words(error))
    return 0


def _requests(
    found: Iterable[Explained], tally: Tally, formats: FormatTable
) -> Iterator[Explained]:
    """Those of `found` that are requests; all are counted."""
    for one in found:
        tally.add(one)
        if is_request(one):
            formats.add(one)
            yield one


def _shown(requests: Iterable[Explained], out: TextIO, *, is_table: bool) -> Iterator[Explained]:
    """The same requests, each when it was written."""
    if is_table:
        # Rich is imported only for who sees a table.
        from functions.operator.explain.request_table import table_of  # noqa: PLC0415

        yield from table_of(requests, out)
        return
    for one in requests:
        out.write(f"{printed(one)}\n")
        yield one


def _write(lines: Iterable[str], out: TextIO) -> None:
    out.writelines(f"{line}\n" for line in lines)


def _refuse(why: str) -> int:
    sys.stderr.write(f"explain: {' '.join(why.split())}\n")
    return 2
