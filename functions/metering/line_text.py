"""A value of a log line as text: which texts say that there is none, and which are unclean."""

from functions.usage.strict_json import PLAIN_CHARS

# No identifier or path template comes near it, and it keeps an event far below what a queue takes.
TEXT_CHARS = PLAIN_CHARS
ABSENT = frozenset({"-", "", "(none)"})


def text_of(value: object) -> str:
    """A value as the text that API Gateway would have logged; a forwarder may have made numbers of
    some. A list or object becomes NUL, which no rule lets through.
    """
    match value:
        case str():
            return value
        case None:
            return ""
        case bool() | int() | float():
            return repr(value)
        case _:
            return "\x00"


def is_absent(value: object) -> bool:
    """Whether a value of a line says that there is none."""
    return value is None or (isinstance(value, str) and value in ABSENT)


def stain(text: str) -> str:
    """Why a text is not clean, as a reason; empty if it is."""
    if len(text) > TEXT_CHARS:
        return "oversized"
    # A replacement character stands where a delivery's UTF-8 was broken.
    return "" if text.isprintable() and "\ufffd" not in text else "unprintable"
