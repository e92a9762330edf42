"""Log events as the AWS CLI and the consoles of CloudWatch Logs print and export them, made up.

The shapes are those of the AWS CLI 2 (`aws logs tail`, `--output text`: fields in the order of
their names, tabs between them), of Logs Insights and of the console.
"""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object
from tests.fakes.access_log_lines import REQUEST_TIME_MS, packed_payload

STREAM = "e369853df766fa44e1ed0ff613f563bd"
LONDON = timezone(timedelta(hours=1))


class Printed(NamedTuple):
    """One log event."""

    message: str
    timestamp: int = REQUEST_TIME_MS
    stream: str = STREAM
    number: int = 0

    @property
    def event_id(self) -> str:
        return f"{self.number:056}"

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp // 1000, UTC) + timedelta(
            milliseconds=self.timestamp % 1000
        )


type Printer = Callable[[Sequence[Printed]], str]


def printed(messages: Sequence[str]) -> list[Printed]:
    """Four to a millisecond, as close as they are on AWS."""
    return [
        Printed(message, REQUEST_TIME_MS + number // 4, STREAM, number)
        for number, message in enumerate(messages)
    ]


def pretty(message: str, indent: int) -> str:
    """As a program prints JSON that it could read; any other text as it is. So is a line in which a
    name stands twice: such a program shows it once, and what it hides nobody can find.
    """
    try:
        found = json.loads(message)
    except ValueError:
        return message
    if isinstance(read_object(message), Quarantined) and isinstance(found, dict):
        return message
    return json.dumps(found, indent=indent)


def tail_detailed(events: Sequence[Printed]) -> str:
    return "".join(
        f"{one.moment.isoformat(timespec='microseconds')} {one.stream} {one.message.rstrip()}\n"
        for one in events
    )


def tail_short(events: Sequence[Printed]) -> str:
    return "".join(f"{one.moment:%Y-%m-%dT%H:%M:%S} {one.message.rstrip()}\n" for one in events)


def coloured(printer: Printer) -> Printer:
    """With `--color on`: the time in green and the stream in cyan, the text as it is."""

    def painted(events: Sequence[Printed]) -> str:
        return "".join(_painted(printer([one])) for one in events)

    return painted


def _painted(text: str) -> str:
    green, cyan, plain = "\x1b[32m", "\x1b[36m", "\x1b[0m"
    time, stream, message = text.split(" ", 2)
    return f"{green}{time}{plain} {cyan}{stream}{plain} {message}"


def tail_json(events: Sequence[Printed]) -> str:
    """The JSON begins on a line of its own."""
    lines = []
    for one in events:
        text = pretty(one.message, 4)
        shown = one.message if text == one.message else f"\n{text}"
        lines.append(f"{one.moment.isoformat()} {one.stream} {shown}".rstrip() + "\n")
    return "".join(lines)


def console_lines(events: Sequence[Printed]) -> str:
    """Rows that were marked with the mouse."""
    return "".join(f"{_console_time(one, UTC)}\t{one.message}\n" for one in events)


def console_opened(events: Sequence[Printed]) -> str:
    """Rows that were opened, in the clock of who looks."""
    return "".join(
        f"{_console_time(one, LONDON)}\n\n{pretty(one.message, 4)}\n\n" for one in events
    )


def console_bars(events: Sequence[Printed]) -> str:
    return "".join(f"{_console_time(one, LONDON)} | {one.message}\n" for one in events)


def exported(events: Sequence[Printed]) -> str:
    """An object of an export to S3, unpacked."""
    return "".join(f"{_console_time(one, UTC)} {one.message}\n" for one in events)


def filtered(events: Sequence[Printed]) -> str:
    found = [_members(one) | {"logStreamName": one.stream} for one in events]
    return json.dumps({"events": found, "searchedLogStreams": []}, indent=4)


def got(events: Sequence[Printed]) -> str:
    """Of `get-log-events`, which names neither stream nor event."""
    found = [
        {"timestamp": one.timestamp, "message": one.message, "ingestionTime": one.timestamp + 900}
        for one in events
    ]
    tokens = {"nextForwardToken": f"f/{1:056}/s", "nextBackwardToken": f"b/{1:056}/s"}
    return json.dumps({"events": found, **tokens}, indent=4)


def filtered_text(events: Sequence[Printed]) -> str:
    rows = [
        f"EVENTS\t{one.event_id}\t{one.timestamp + 900}\t{one.stream}"
        f"\t{one.message}\t{one.timestamp}"
        for one in events
    ]
    return "\n".join([*rows, f"SEARCHEDLOGSTREAMS\tTrue\t{STREAM}", ""])


def got_text(events: Sequence[Printed]) -> str:
    rows = [f"EVENTS\t{one.timestamp + 900}\t{one.message}\t{one.timestamp}" for one in events]
    return "\n".join([f"b/{1:056}/s\tf/{2:056}/s", *rows, ""])


def events_of_jq(events: Sequence[Printed]) -> str:
    """`jq '.events[]'`."""
    return "\n".join(json.dumps(_members(one), indent=2) for one in events)


def queried_pairs(events: Sequence[Printed]) -> str:
    """`--query 'events[].[timestamp,message]'`."""
    return json.dumps([[one.timestamp, one.message] for one in events], indent=4)


def queried_pairs_text(events: Sequence[Printed]) -> str:
    return "".join(f"{one.timestamp}\t{one.message}\n" for one in events)


def queried_messages(events: Sequence[Printed]) -> str:
    """`--query 'events[].message'`."""
    return json.dumps([one.message for one in events], indent=4)


def insights_json(events: Sequence[Printed]) -> str:
    return json.dumps([_row(one) for one in events])


def insights_csv(events: Sequence[Printed]) -> str:
    return _csv(["@timestamp", "@message", "@logStream"], [_row(one) for one in events])


def search_csv(events: Sequence[Printed]) -> str:
    """`Download search results` of the console."""
    rows = [{"timestamp": str(one.timestamp), "message": one.message} for one in events]
    return _csv(["timestamp", "message"], rows)


def query_results(events: Sequence[Printed]) -> str:
    rows = [
        [{"field": name, "value": value} for name, value in [*_row(one).items(), ("@ptr", "CmEK")]]
        for one in events
    ]
    answer = {"queryLanguage": "CWLI", "results": rows, "statistics": {}, "status": "Complete"}
    return json.dumps(answer, indent=4)


def query_rows(events: Sequence[Printed]) -> str:
    """`--query results`."""
    return json.dumps(json.loads(query_results(events))["results"], indent=4)


def two_exports(events: Sequence[Printed]) -> str:
    """CSV of Logs Insights, one file behind the other."""
    return insights_csv(events[:1]) + insights_csv(events[1:])


def decoded(events: Sequence[Printed]) -> str:
    return json.dumps(_envelope(events), indent=2)


def packed(events: Sequence[Printed]) -> str:
    data: str = packed_payload(json.dumps(_envelope(events)).encode())["awslogs"]["data"]
    return data


def firehose(events: Sequence[Printed]) -> str:
    """Payloads that Firehose put one behind the other, without a break."""
    return "".join(json.dumps(_envelope([one])) for one in events)


WITH_TIMES: Mapping[str, Printer] = {
    "tail": tail_detailed,
    "tail, short": tail_short,
    "tail, json": tail_json,
    "tail, in colours": coloured(tail_detailed),
    "tail, json, in colours": coloured(tail_json),
    "console": console_lines,
    "console, opened": console_opened,
    "console, bars": console_bars,
    "export": exported,
    "filter-log-events": filtered,
    "get-log-events": got,
    "filter-log-events, text": filtered_text,
    "get-log-events, text": got_text,
    "jq": events_of_jq,
    "pairs": queried_pairs,
    "pairs, text": queried_pairs_text,
    "Insights, JSON": insights_json,
    "Insights, CSV": insights_csv,
    "search, CSV": search_csv,
    "get-query-results": query_results,
    "get-query-results, rows": query_rows,
    "Insights, CSV twice": two_exports,
    "payload": decoded,
    "payload, packed": packed,
    "Firehose": firehose,
}
WITHOUT_TIMES: Mapping[str, Printer] = {
    "raw": lambda events: "\n".join(one.message for one in events),
    "messages": queried_messages,
}
FORMS = {**WITH_TIMES, **WITHOUT_TIMES}
CODINGS: Mapping[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "carriage returns": lambda text: text.replace("\n", "\r\n").encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip in pieces": lambda text: b"".join(
        gzip.compress(part) for part in (text.encode()[:50], text.encode()[50:])
    ),
}


def _console_time(one: Printed, zone: timezone) -> str:
    return one.moment.astimezone(zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _members(one: Printed) -> dict[str, object]:
    return {
        "timestamp": one.timestamp,
        "message": one.message,
        "ingestionTime": one.timestamp + 900,
        "eventId": one.event_id,
    }


def _row(one: Printed) -> dict[str, str]:
    time = one.moment.replace(tzinfo=None).isoformat(" ", timespec="milliseconds")
    return {"@timestamp": time, "@message": one.message, "@logStream": one.stream}


def _csv(columns: list[str], rows: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _envelope(events: Sequence[Printed]) -> dict[str, object]:
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/apigateway/orders",
        "logStream": STREAM,
        "subscriptionFilters": ["usage"],
        "logEvents": [
            {"id": one.event_id, "timestamp": one.timestamp, "message": one.message}
            for one in events
        ],
    }
