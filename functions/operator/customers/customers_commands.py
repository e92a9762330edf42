"""`aforo-metering customers plan | apply | export`: customers as a file states them.

Guaranteed: nothing is sent before all of it is shown and recorded, and nothing that takes calls
away from a customer without `--yes`; of many customers that are closed at once, not without their
number. Applied again, nothing is sent.
"""

import sys
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from functions.operator.counter_commands.sending import FIND, Finder, FindStack
from functions.operator.customers.closing_guard import closed_too_many
from functions.operator.customers.comparing_customers import CustomerComparison
from functions.operator.customers.customer_document import document_of
from functions.operator.customers.file_writing import as_yaml, write_customers
from functions.operator.customers.opened_customers import OpenedCustomers, Tell
from functions.operator.customers.reading_customers import CustomerFileError, read_customers
from functions.operator.customers.stating_changes import record_changes, send_changes
from functions.operator.customers.telling_changes import (
    tell_changes_of_customers,
    tell_what_is_left,
)
from functions.operator.deployment.place import HERE, Place
from functions.operator.plain_option import PLAIN
from functions.operator.rows import RowFormat
from functions.operator.still_working import StillWorking

type CustomersPath = Annotated[Path, Parameter(help="YAML, or CSV where its name ends in .csv")]
type PlansPath = Annotated[
    Path | None, Parameter(help="a YAML file with the plans that a CSV file names")
]
type Everyone = Annotated[
    bool,
    Parameter(
        name="--all",
        negative=(),
        show_default=False,
        help="the file is all there is: close who is not in it, end keys that are not in it",
    ),
]
type ChangeFormat = Annotated[
    RowFormat, Parameter(name="--format", help="of the changes; json and csv have all of them")
]

WAIT_SECONDS = 300.0
_REFUSED = 2


def plan(
    file: CustomersPath,
    /,
    *,
    plans: PlansPath = None,
    everyone: Everyone = False,
    form: ChangeFormat = "table",
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """What `apply` would do. Exit status 0, also where there is something to do."""
    try:
        with StillWorking("customers plan", "reading the file") as working:
            opened = _opened(place, find, working)
            changes = list(_compared(opened, file, plans, is_all=everyone).changes())
    except CustomerFileError as error:
        return _refused("customers plan", error)
    tell_changes_of_customers(changes, form)
    return 0


def apply(
    file: CustomersPath,
    /,
    *,
    plans: PlansPath = None,
    everyone: Everyone = False,
    yes: Annotated[
        bool, PLAIN, Parameter(help="also what takes calls away: the plan says of what")
    ] = False,
    close_at_most: Annotated[
        int | None,
        Parameter(help="so many customers; without it 10, or a tenth of them if that is more"),
    ] = None,
    wait_seconds: Annotated[
        float, Parameter(help="until all is in force; 0: do not wait")
    ] = WAIT_SECONDS,
    form: ChangeFormat = "table",
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Exit status 0: all is as the file says; 1: sent, and not all of it in force yet."""
    began = time.monotonic()
    try:
        with StillWorking("customers apply", "reading the file") as working:
            opened = _opened(place, find, working)
            compared = _compared(opened, file, plans, is_all=everyone)
            changes = list(compared.changes())
    except CustomerFileError as error:
        return _refused("customers apply", error)
    tell_changes_of_customers(changes, form)
    dangers = sum(bool(change.danger) for change in changes)
    if dangers and not yes:
        sys.stderr.write(
            f"customers apply: nothing was sent: {dangers} of the changes take calls away (see"
            " `needs`): with --yes it is\n"
        )
        return _REFUSED
    if why := closed_too_many(changes, compared.known, close_at_most):
        sys.stderr.write(f"customers apply: nothing was sent: {why}\n")
        return _REFUSED
    if not changes:
        return 0
    with StillWorking("customers apply", "recording") as working:
        tools = opened._replace(tell=_telling(working)).tools()
        commands = record_changes(changes, tools)
        left = send_changes(changes, commands, tools, wait_seconds)
    return tell_what_is_left(
        left, len(commands), time.monotonic() - began, is_waiting=wait_seconds > 0
    )


def export(
    *,
    to: Annotated[
        Path | None, Parameter(help="a new file, .yaml or .csv; without it: YAML, to stdout")
    ] = None,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """What is stated of every customer, as a file that `apply` would change nothing by."""
    with StillWorking("customers export", "reading the register") as working:
        known = _opened(place, find, working).known()
    document = document_of(known)
    if to is None:
        sys.stdout.write(as_yaml(document, {}))
    else:
        write_customers(document, to)
        print(f"wrote {len(known):,} customers to {to}")
    return 0


def _compared(
    opened: OpenedCustomers, file: Path, plans: Path | None, *, is_all: bool
) -> CustomerComparison:
    return opened.compare(read_customers(file, plans), is_all=is_all)


def _opened(place: Place, find: FindStack, working: StillWorking) -> OpenedCustomers:
    return OpenedCustomers(find(place), _telling(working), lambda: time.time_ns() // 1_000_000)


def _telling(working: StillWorking) -> Tell:
    def tell(doing: str) -> None:
        working.doing = doing

    return tell


def _refused(command: str, error: CustomerFileError) -> int:
    sys.stderr.write(f"{error.text()}{command}: nothing was sent\n")
    return _REFUSED
