"""What `aws logs filter-log-events` or `get-log-events` prints with `--output text` comes in; log
records leave. Fields stand in the order of their names, a tab between them; only the message can
hold tabs and line breaks.
"""

import re
from collections.abc import Iterable, Iterator

from functions.operator.explain.log_record import LogRecord
from functions.operator.explain.stamp import epoch_ms

# eventId, ingestionTime, logStreamName, message ...; and ingestionTime, message ...
_FORMS = (
    re.compile(r"EVENTS\t(?P<id>[0-9]{56})\t[0-9]{13}\t(?P<stream>[^\t]*)\t(?P<text>.*)"),
    re.compile(r"EVENTS\t(?P<id>)(?P<stream>)[0-9]{13}\t(?P<text>.*)"),
)
_TIMESTAMP = re.compile(r"(?P<text>.*)\t(?P<time>[0-9]{13})")
# Tokens of pages and names of streams stand among the events.
_OTHERS = re.compile(r"[bf]/[0-9]{56}(?:/s)?(?:\t[bf]/[0-9]{56}(?:/s)?)?|SEARCHEDLOGSTREAMS\t.*")


def is_cli_text(line: str) -> bool:
    """Whether a first line is of this form."""
    return bool(_OTHERS.fullmatch(line)) or any(form.fullmatch(line) for form in _FORMS)


def cli_text_records(lines: Iterable[str]) -> Iterator[LogRecord]:
    """The first event says which of the two forms all have."""
    forms: tuple[re.Pattern[str], ...] = _FORMS
    texts: list[str] = []
    found: LogRecord | None = None
    for line in lines:
        begun = [(form, said) for form in forms if (said := form.fullmatch(line))]
        ended = bool(begun) or bool(_OTHERS.fullmatch(line))
        if not ended:
            texts.append(line)
            continue
        if found is not None:
            yield _ended(found, texts)
            found = None
        for form, said in begun:
            forms, texts = (form,), [said["text"]]
            found = LogRecord("", event_id=said["id"] or None, log_stream=said["stream"])
    if found is not None:
        yield _ended(found, texts)


def _ended(found: LogRecord, texts: list[str]) -> LogRecord:
    """The last time that ends a line is the event's; one that was cut has none."""
    for at in reversed(range(len(texts))):
        said = _TIMESTAMP.fullmatch(texts[at])
        if said:
            message = "\n".join([*texts[:at], said["text"]]).rstrip("\n")
            return found._replace(message=message, timestamp=epoch_ms(said["time"]))
    return found._replace(message="\n".join(texts))
