"""What cannot be explained, and the one line that says so."""

TAKES = (
    "raw lines; `aws logs tail`; filter-log-events and get-log-events (json, text); Logs Insights"
    " (JSON, CSV, get-query-results); lines copied from the console; S3 exports (files, folders,"
    " s3://bucket/prefix, gzip); subscription payloads"
)
NOTHING = "the input is empty: give a log with lines (did its filter or its time range find none?)"


class BadInputError(Exception):
    """The input holds no log; the message says why."""


class EmptyInputError(BadInputError):
    """One file holds nothing; another one may."""
