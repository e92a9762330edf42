"""The files that a person named come in, as one log; the deliveries in it leave."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, groupby

from functions.metering.log_delivery import LogDelivery
from functions.operator.explain.bad_input import NOTHING, BadInputError, EmptyInputError
from functions.operator.explain.explanation import Kind
from functions.operator.explain.gathering import gathered
from functions.operator.explain.given_files import GivenFile
from functions.operator.explain.inputs import read_records
from functions.operator.explain.log_record import LogRecord, Read

# CloudWatch Logs exports a stream as a folder of such files, named like the stream.
_EXPORTED = re.compile(r"[0-9]{6}(\.gz)?")


def read_log(files: Iterable[GivenFile], kind: Kind) -> Iterator[LogDelivery]:
    """Requests may stand in several files of one folder. EmptyInputError where nothing stands in
    any; BadInputError names the file.
    """
    read: list[str] = []
    for _, of_folder in groupby(files, key=lambda file: file.folder):
        records = chain.from_iterable(_records(file, read) for file in of_folder)
        yield from gathered(records, kind)
    if not read:
        raise EmptyInputError(NOTHING)


def _records(file: GivenFile, read: list[str]) -> Iterator[Read]:
    """`read` gets the file's name, if it holds anything."""
    folder, _, name = file.name.rpartition("/")
    is_exported = file.folder and _EXPORTED.fullmatch(name)
    stream = folder.rpartition("/")[2] if is_exported else ""
    try:
        records = read_records(file.pieces)
        read.append(file.name)
        for record in records:
            is_unplaced = isinstance(record, LogRecord) and not record.log_stream
            yield record._replace(log_stream=stream) if is_unplaced else record
    except EmptyInputError:
        return
    except BadInputError as error:
        raise BadInputError(f"{file.name}: {error}") from None
