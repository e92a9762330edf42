"""What one check of preflight says."""

from typing import Literal, NamedTuple

type Level = Literal["ok", "warning", "error"]


class Finding(NamedTuple):
    """`cure` is what to do about a warning or an error; it is empty where all is well."""

    level: Level
    check: str
    found: str
    cure: str = ""


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding("ok", check, found)


def warning(check: str, found: str, cure: str) -> Finding:
    """The deploy works; something else may not."""
    return Finding("warning", check, found, cure)


def error(check: str, found: str, cure: str) -> Finding:
    """The deploy fails, or nothing is billed after it."""
    return Finding("error", check, found, cure)
