"""What a person names on the command line comes in: standard input, a file, a folder, a place in
S3. The files behind it leave, each opened when it is read.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

type OpenS3 = Callable[[], "S3Client"]

STANDARD_INPUT = "-"
_S3 = "s3://"
# What an export puts there to see whether it may.
_WRITE_TEST = "aws-logs-write-test"


class GivenFile(NamedTuple):
    """`folder` is empty where one file was named."""

    name: str
    folder: str
    pieces: Iterable[bytes]


def given_files(named: str, open_s3: OpenS3) -> Iterator[GivenFile]:
    """In the order of their names, folder by folder."""
    if named == STANDARD_INPUT:
        return iter([GivenFile("standard input", "", sys.stdin.buffer)])
    if named.startswith(_S3):
        # boto3 takes half a second to import: only who reads S3 waits for it.
        from functions.operator.explain.given_objects import given_objects  # noqa: PLC0415

        found = given_objects(open_s3(), named.removeprefix(_S3))
    elif Path(named).is_dir():
        found = _in_folder(Path(named))
    else:
        return iter([GivenFile(named, "", _bytes_of(Path(named)))])
    return (file for file in found if _is_log(file.name.rpartition("/")[2]))


def open_s3() -> "S3Client":
    """With the credentials and the Region that the environment names."""
    from functions.operator.aws_session import aws_session  # noqa: PLC0415 - as above

    return aws_session().client("s3")


def _in_folder(folder: Path) -> Iterator[GivenFile]:
    paths = (path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path, folder))
    for path in sorted(paths, key=lambda path: (path.parent, path.name)):
        yield GivenFile(path.as_posix(), path.parent.as_posix(), _bytes_of(path))


def _is_hidden(path: Path, folder: Path) -> bool:
    """Also what stands in a hidden folder, such as `.git`."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _bytes_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        yield from opened


def _is_log(name: str) -> bool:
    return bool(name) and name != _WRITE_TEST and not name.startswith(".")
