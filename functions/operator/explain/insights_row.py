"""A row of CloudWatch Logs Insights comes in; the log event that it shows leaves."""

from collections.abc import Mapping

from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.log_record import LogRecord
from functions.operator.explain.stamp import epoch_ms

MESSAGE = "@message"


def is_row(members: Mapping[str, object]) -> bool:
    """Whether an object is a row that shows a log event."""
    return isinstance(members.get(MESSAGE), str)


def row_of_fields(fields: object) -> Mapping[str, object]:
    """A row of `get-query-results`: `[{"field": "@message", "value": "..."}, ...]`."""
    row = {
        entry["field"]: entry.get("value")
        for entry in (fields if isinstance(fields, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("field"), str)
    }
    if not is_row(row):
        raise BadInputError("a row of Logs Insights has no @message: add it to the query's fields")
    return row


def record_of_row(row: Mapping[str, object]) -> LogRecord:
    """`@log` is account and log group: `123456789012:/aws/apigateway/orders`."""
    owner, _, group = _text(row, "@log").partition(":")
    return LogRecord(
        message=row[MESSAGE],
        timestamp=epoch_ms(row.get("@timestamp")),
        log_stream=_text(row, "@logStream"),
        log_group=group,
        owner=owner if group else "",
    )


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
