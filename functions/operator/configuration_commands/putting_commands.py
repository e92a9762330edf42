"""`aforo-metering configuration put | rollback`: a new version, checked first.

Guaranteed: only a usable document is put, only with --yes, and never over a version that another
person has put since the comparison that was shown.
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
from functions.operator.configuration_commands.configuration_store import open_store, who_puts
from functions.operator.deployment.deployment import Deployment
from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.plain_option import PLAIN

type Yes = Annotated[bool, PLAIN, Parameter(help="put it; without it nothing is changed")]

_NOT_USABLE = 2


def put(
    file: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="the configuration; - is standard input")
    ],
    /,
    *,
    sample: Sample = NO_SAMPLE,
    yes: Yes = False,
    place: Place = HERE,
) -> int:
    """As `check`, and then put."""
    document = read_document(file, sample)
    return _put("configuration put", document, file, sample, find_deployment(place), yes=yes)


def rollback(
    *,
    to: Annotated[str, Parameter(help="the version whose content comes back")],
    sample: Sample = NO_SAMPLE,
    yes: Yes = False,
    place: Place = HERE,
) -> int:
    """The old content becomes a new version: history is only added to."""
    deployment = find_deployment(place)
    document = open_store(deployment).read(to).document
    name = f"version {to}"
    return _put("configuration rollback", document, name, sample, deployment, yes=yes)


def _put(
    command: str,
    document: bytes,
    name: str,
    sample: Sample,
    deployment: Deployment,
    *,
    yes: bool,
) -> int:
    sample.check()
    store = open_store(deployment)
    try:
        after = usable(document, name, store.reader)
    except NotUsableError as error:
        sys.stderr.write(f"{error}{command}: nothing was put\n")
        return _NOT_USABLE
    found = store.in_force()
    base = Base(found.configuration, f"what is in force in {store} ({found.words})")
    print(f"{name} is usable")
    tell_changes(after, base)
    tell_sample(after, base, sample, deployment)
    if not yes:
        sys.stderr.write(f"{command}: nothing was put; with --yes it is\n")
        return 0
    version_id = store.put(document, found, who_puts(deployment))
    print(f"before: {found.words}")
    print(f"after: version {version_id} of {store}; metering reads it within a minute")
    return 0
