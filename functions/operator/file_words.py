"""Why a file cannot be read or written comes in; one line that a person can act on leaves."""

import errno

_WORDS = {
    errno.ENOENT: "there is no such file: check the path",
    errno.EISDIR: "is a folder: name a file in it",
    errno.ENOTDIR: "a part of its path is no folder: check the path",
    errno.EACCES: "you may not open it: check its permissions",
    errno.EPERM: "you may not open it: check its permissions",
    errno.ENOSPC: "the disk is full: make room",
}


def file_words(error: OSError, name: object = None) -> str:
    """`metering.json: there is no such file: check the path`."""
    what = _WORDS.get(error.errno or 0) or f"{error.strerror or error}: check the path"
    return f"{name or error.filename or 'the file'}: {what}"
