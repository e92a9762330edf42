"""A file of any bytes, as `explain` answers it."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

from functions.operator.command_line import main

ADVICE = "\nwhat to do, format by format"


class Answer(NamedTuple):
    """`summary`: what stands on stderr before the advice."""

    code: int
    requests: list[dict[str, Any]]
    summary: str


def explain(folder: Path, content: str | bytes, *words: str) -> Answer:
    file = folder / "log"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return explain_place(str(file), *words)


def explain_place(place: str, *words: str, **given: object) -> Answer:
    """A file, a folder, or a place in S3."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = main(["explain", *words, place], **given)
    summary, _, _ = error.getvalue().partition(ADVICE)
    return Answer(code, list(map(json.loads, out.getvalue().splitlines())), summary)
