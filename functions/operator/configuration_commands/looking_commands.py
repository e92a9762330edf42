"""`aforo-metering configuration show | history`: what is in force, and what was before it."""

import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

from cyclopts import Parameter

from functions.metering.configuration.document_reading import (
    ConfigurationError,
    default_configuration,
)
from functions.metering.configuration.stored_versions import VERSIONS, StoredVersion
from functions.operator.configuration_commands.configuration_store import (
    ConfigurationStore,
    open_store,
)
from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.rows import Row, RowFormat, write_rows
from functions.operator.still_working import StillWorking
from functions.usage.errors import Permanent

_COLUMNS = ("when", "version", "what", "in_use", "put_by", "why")
# S3 lists a thousand in an answer, and one more says whether there are others.
_MOST = 999


def show(
    *,
    version: Annotated[
        str | None, Parameter(help="this version; without it: what metering bills by")
    ] = None,
    place: Place = HERE,
) -> int:
    """The document goes to stdout, as it was put; which one it is to stderr."""
    store = open_store(find_deployment(place))
    if version is not None:
        sys.stdout.buffer.write(_ended(store.read(version).document))
        return 0
    found = store.in_force()
    if found.version_id is None:
        # Without the parameters' sources: put as it is, it would keep them for ever.
        text = default_configuration().model_dump_json(indent=2, by_alias=True, exclude_none=True)
        document = text.encode()
    else:
        document = store.read(found.version_id).document
    sys.stdout.buffer.write(_ended(document))
    sys.stderr.write(f"configuration show: {store}: {found.words}{_beside(store)}\n")
    return 0


def _beside(store: ConfigurationStore) -> str:
    """The sources that stand in no document."""
    deployed = store.reader.default.sources
    named = ", ".join(f"{one.name} ({one.kind} log {one.log_group})" for one in deployed)
    return f"; sources of the stack's parameters: {named}" if named else ""


def history(
    *,
    last: Annotated[int, Parameter(help=f"how many versions, 1 to {_MOST}")] = VERSIONS,
    form: Annotated[RowFormat, Parameter(name="--format", help="of the rows")] = "table",
    place: Place = HERE,
) -> int:
    """The newest first."""
    if not 1 <= last <= _MOST:
        raise Permanent(f"--last: give 1 to {_MOST}")
    store = open_store(find_deployment(place))
    in_force, found = store.in_force(), store.last(last)
    with StillWorking("configuration history", "reading the versions"):
        rows = list(_rows(store, found.newest_first, in_force.version_id))
    write_rows(_COLUMNS, rows, sys.stdout, form)
    older = "" if found.is_whole else f"; there are older ones (--last {last})"
    sys.stderr.write(f"configuration history: {store}: in force: {in_force.words}{older}\n")
    return 0


def _rows(
    store: ConfigurationStore, versions: tuple[StoredVersion, ...], in_use: str | None
) -> Iterator[Row]:
    for one in versions:
        row = {
            "when": f"{one.modified:%Y-%m-%dT%H:%M:%SZ}",
            "version": one.version_id,
            "what": "deleted",
            "in_use": one.version_id == in_use,
        }
        if not one.is_deletion:
            read = store.read(one.version_id)
            faults = _faults(store, read.document)
            row |= {
                "what": "not usable" if faults else "usable",
                "put_by": read.put_by,
                "why": "; ".join(faults) or None,
            }
        yield row


def _faults(store: ConfigurationStore, document: bytes) -> Sequence[str]:
    """As metering finds them: also what contradicts the stack's parameters."""
    try:
        store.reader.read(document)
    except ConfigurationError as error:
        return error.faults
    return ()


def _ended(document: bytes) -> bytes:
    return document if document.endswith(b"\n") else document + b"\n"
