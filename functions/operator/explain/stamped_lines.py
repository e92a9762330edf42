"""Lines that begin with the time of their log event come in; log records leave.

The first line says which form all have. In another form, or not at the start of a line, a time is
part of the text before it, as are lines without one: a client may write what he likes into a body.
"""

import re
from collections.abc import Iterable, Iterator

from functions.operator.explain.log_record import LogRecord
from functions.operator.explain.stamp import epoch_ms

_SECOND = r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
# `aws logs tail --color on`, and without it on a terminal: each of the two, not the text.
_COLOUR, _PLAIN = r"\x1b\[[0-9;]{1,8}m", r"\x1b\[0?m"
_AND_STREAM = rf"{_PLAIN} {_COLOUR}(?P<stream>[^\s\x1b]+){_PLAIN}"
_FORMS = tuple(
    re.compile(form)
    for form in (
        # `aws logs tail`, detailed and json: Python's isoformat, which leaves out a fraction of 0.
        _SECOND + r"(?:\.[0-9]{6})?\+00:00) (?P<stream>[^\s{(]\S*)(?: (?P<text>.*))?",
        # `aws logs tail --format short`: UTC.
        _SECOND + r") (?P<stream>)(?P<text>.*)",
        rf"{_COLOUR}{_SECOND}(?:\.[0-9]{{6}})?\+00:00){_AND_STREAM}(?: (?P<text>.*))?",
        rf"{_COLOUR}{_SECOND}){_PLAIN} (?P<stream>)(?P<text>.*)",
        # The console, with a tab, a bar or a line break behind it; S3 exports, with a blank.
        _SECOND + r"\.[0-9]{3}(?:Z|[+-][0-9]{2}:[0-9]{2}))(?P<stream>)"
        r"(?:(?:\t| \| ?| )(?P<text>.*))?",
        # `--query 'events[].[timestamp,message]' --output text`.
        r"(?P<time>[0-9]{13})\t(?P<stream>)(?P<text>.*)",
    )
)


def form_of(line: str) -> "re.Pattern[str] | None":
    """The form of a first line; None where it begins with no time."""
    return next((form for form in _FORMS if _begun(form, line)), None)


def stamped_records(lines: Iterable[str], form: "re.Pattern[str]") -> Iterator[LogRecord]:
    """A record ends where the next one begins."""
    found: LogRecord | None = None
    texts: list[str] = []
    for line in lines:
        begun = _begun(form, line)
        if begun is None:
            texts += [line] if line.strip() else []
            continue
        if found is not None:
            yield found._replace(message="\n".join(texts))
        found, text = begun, str(begun.message)
        texts = [text] if text.strip() else []
    if found is not None:
        yield found._replace(message="\n".join(texts))


def _begun(form: "re.Pattern[str]", line: str) -> LogRecord | None:
    said = form.fullmatch(line)
    stamp = epoch_ms(said["time"]) if said else None
    if said is None or stamp is None:
        return None
    return LogRecord(said["text"] or "", stamp, log_stream=said["stream"])
