"""`aforo-metering configuration check`: whether a file may be put, and what it would change.

Nothing is changed. Exit status: 0 usable, 2 not, with every fault in a line on stderr.
"""

import sys
from typing import Annotated

from cyclopts import Parameter

from functions.operator.configuration_commands.checking import (
    NO_SAMPLE,
    Base,
    NotUsableError,
    Sample,
    read_document,
    tell_changes,
    tell_sample,
    usable,
)
from functions.operator.configuration_commands.configuration_store import (
    deployed_reader,
    open_store,
)
from functions.operator.deployment.deployment import Deployment, TargetError
from functions.operator.deployment.place import HERE, Place, find_deployment

_NOT_USABLE = 2


def check(
    file: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="the configuration; - is standard input")
    ],
    /,
    *,
    against: Annotated[
        str | None, Parameter(help="compare with this file, not with what is in force")
    ] = None,
    sample: Sample = NO_SAMPLE,
    place: Place = HERE,
) -> int:
    """Validates before it looks for a deployment: that needs none."""
    sample.check()
    try:
        document = read_document(file, sample)
        after = usable(document, file)
        deployment = _deployment(place, is_needed=against is None or sample.from_log is not None)
        if against is None and deployment is not None:
            after = usable(document, file, deployed_reader(deployment))
        base = _base(against, deployment)
    except NotUsableError as error:
        sys.stderr.write(str(error))
        return _NOT_USABLE
    except TargetError as error:
        # A file may be checked where nothing is deployed; what was asked for beyond it may not.
        if place != HERE or sample.is_wanted:
            raise
        print(f"{file} is usable")
        sys.stderr.write(f"configuration check: compared with nothing: {error}, or --against\n")
        return 0
    print(f"{file} is usable")
    tell_changes(after, base)
    tell_sample(after, base, sample, deployment)
    return 0


def _deployment(place: Place, *, is_needed: bool) -> Deployment | None:
    return find_deployment(place) if is_needed else None


def _base(against: str | None, deployment: Deployment | None) -> Base:
    if against is not None or deployment is None:
        name = str(against)
        return Base(usable(read_document(name), name), name)
    store = open_store(deployment)
    found = store.in_force()
    return Base(found.configuration, f"what is in force in {store} ({found.words})")
