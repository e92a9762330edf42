"""One file that a person has in hand comes in; the log events that it holds leave.

The first line says what it is. Whatever goes by lines is read as it comes; only what has no end
before the input has is held: one JSON document, a payload in base64.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.operator.explain.bad_input import NOTHING, BadInputError, EmptyInputError
from functions.operator.explain.cli_text import cli_text_records, is_cli_text
from functions.operator.explain.csv_rows import csv_records, is_csv
from functions.operator.explain.explanation import Kind
from functions.operator.explain.gathering import gathered
from functions.operator.explain.log_record import Read
from functions.operator.explain.log_text import text_lines
from functions.operator.explain.raw_lines import raw_records
from functions.operator.explain.stamped_lines import form_of, stamped_records
from functions.usage.outcome import Excluded, Quarantined

# How gzip looks in base64.
_PACKED = "H4sI"


def read_input(pieces: Iterable[bytes], kind: Kind) -> Iterator[LogDelivery]:
    """The deliveries in a file. What is unknown of them (owner, group, stream) is empty."""
    return gathered(read_records(pieces), kind)


def read_records(pieces: Iterable[bytes]) -> Iterator[Read]:
    """The log events in a file. EmptyInputError where it holds nothing."""
    lines = text_lines(pieces)
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise EmptyInputError(NOTHING)
    first = first.lstrip()
    every = chain([first], lines)
    if first.startswith(_PACKED):
        return _from_base64(every)
    form = form_of(first)
    if form is not None:
        return stamped_records(every, form)
    if is_cli_text(first):
        return cli_text_records(every)
    return csv_records(every) if is_csv(first) else raw_records(every)


def _from_base64(lines: Iterable[str]) -> Iterator[Read]:
    data = "".join("".join(line.split()) for line in lines)
    found = read_delivery({"awslogs": {"data": data}})
    if isinstance(found, Quarantined):
        raise BadInputError(f"the subscription payload cannot be read: {found.detail}")
    return iter([] if isinstance(found, Excluded) else [found])
