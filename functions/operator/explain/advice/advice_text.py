"""The formats of a log that are not billed come in; the lines that tell a person what to do leave.

Of what a caller wrote they hold nothing but names of keys.
"""

from collections.abc import Iterator

from functions.metering.configuration.version import Configuration
from functions.operator.explain.advice.advising import Advice, advice_on
from functions.operator.explain.advice.format_table import FormatTable, FoundFormat
from functions.operator.explain.terminal_text import printable

# A person knows the format by its first keys.
_KEYS = 8


def advice_lines(formats: FormatTable, configuration: Configuration) -> Iterator[str]:
    """Nothing where every format is billed as far as anything could be changed about it."""
    advised = [advice for found in formats if (advice := advice_on(found, configuration))]
    if not advised:
        return
    yield ""
    yield "what to do, format by format (put in what stands in <...>):"
    for number, advice in enumerate(advised, 1):
        yield f"{number}. {_what(advice.found)}"
        yield from (f"   {line}" for line in _cures(advice))
    if formats.others:
        yield f"and {_lines(formats.others)} of further formats"


def _what(found: FoundFormat) -> str:
    shape = found.shape
    if shape.family is None:
        shown = ", ".join(shape.paths[:_KEYS])
        more = f", and {len(shape.paths) - _KEYS} more" if len(shape.paths) > _KEYS else ""
        of = printable(f"JSON with {shown}{more}")
    else:
        of = shape.family.value
    reasons = ", ".join(f"{reason} {count}" for reason, count in found.reasons.most_common())
    return f"{_lines(found.lines)} not billed, {of} ({reasons})"


def _cures(advice: Advice) -> Iterator[str]:
    if advice.is_other_api:
        yield "an HTTP or WebSocket API: neither a declaration nor a format helps"
    if advice.declaration:
        yield "in each version of the configuration that covers the time:"
        yield advice.declaration
    if advice.stage_format is None:
        return
    text, added, kept, moved = advice.stage_format
    with_added = f", with {printable(', '.join(added))} added" if added else ""
    if moved:
        with_added += (
            f", with what may hold a client's text at its end ({printable(', '.join(moved))})"
        )
    yield f"as the stage's format (accessLogSettings.format){with_added}:"
    yield text
    if kept:
        yield f"what these are now is not told by their names: {printable(', '.join(kept))}"


def _lines(count: int) -> str:
    return f"{count} line" if count == 1 else f"{count} lines"
