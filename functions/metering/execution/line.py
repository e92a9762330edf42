"""One log event's text comes in; the request that it belongs to and what it says about it leave.

Only what stands at position 0 counts: bodies hold whatever their sender likes, line breaks and
`(id) Method completed with status: 200` among it (gateway-logs.md 5, case 17).
"""

from enum import Enum
from typing import NamedTuple

from functions.usage.outcome import Excluded, Quarantined
from functions.usage.vended_line import unwrapped

UNKNOWN_LINE = Quarantined("unknown_format", "not a line of an execution log")

TRUNCATED = " [TRUNCATED]"
# A UUID has 36; API Gateway may add a suffix to one that it does not like.
_ID_CHARS = 128
_CONSOLE_CLOCK_CHARS = 40  # `Tue Aug 18 17:36:14 UTC 2020 : `
_CONSOLE_HEAD = "Execution log for request "
# What a line of 2016, before there was a prefix, could begin with.
_BARE = (
    "API Key",
    "AWS Integration Endpoint RequestId",
    "Authorizer result body before parsing: ",
    "Endpoint re",
    "Execution failed due to ",
    "Extended Request Id: ",
    "Gateway response type: ",
    "HTTP Method: ",
    "Lambda execution failed ",
    "Lambda invocation failed ",
    "Method completed with status: ",
    "Method request ",
    "Method response ",
    "Received response. ",
    "Sending request to ",
    "Starting authorizer: ",
    "Starting execution for request: ",
    "Successfully completed ",
    "Unauthorized request: ",
    "Usage Plan check ",
    "Using valid authorizer policy ",
    "Verifying Usage Plan for request: ",
)


class Form(Enum):
    """How a line says which request it belongs to."""

    PREFIXED = "prefixed"  # `(id) text`, the only form that is billed
    BARE = "no_prefix"  # 2016
    CONSOLE = "test_invoke"  # the console's test button; a call of nobody's


class ExecutionLine(NamedTuple):
    """`text` without prefix and without the mark of a cut."""

    form: Form
    request_id: str | None
    text: str
    is_cut: bool = False
    api_id: str | None = None  # where a vended event says so
    stage: str | None = None


def read_execution_line(message: str) -> ExecutionLine | Excluded | Quarantined:
    """The line in one log event. Excluded where it is another log's, Quarantined where it is
    nobody's that we know.
    """
    if message.startswith("("):
        return _prefixed(message, None, None)
    wrapped = unwrapped(message)
    if isinstance(wrapped, Excluded | Quarantined):
        return wrapped
    line, api_id, stage = wrapped
    return _prefixed(line, api_id, stage) if line.startswith("(") else _unprefixed(line)


def _prefixed(
    line: str, api_id: str | None, stage: str | None
) -> ExecutionLine | Excluded | Quarantined:
    end = line.find(") ", 1, _ID_CHARS)
    request_id = line[1:end]
    if end < 1 or not request_id.isprintable() or " " in request_id:
        return UNKNOWN_LINE
    is_cut = line.endswith(TRUNCATED)
    text = line[end + 2 : -len(TRUNCATED)] if is_cut else line[end + 2 :]
    return ExecutionLine(Form.PREFIXED, request_id, text, is_cut, api_id, stage)


def _unprefixed(line: str) -> ExecutionLine | Quarantined:
    if line.startswith(_CONSOLE_HEAD):
        return ExecutionLine(Form.CONSOLE, None, line)
    zone = line.find(" UTC ", 0, _CONSOLE_CLOCK_CHARS)
    if zone > 0 and line.startswith(" :", zone + len(" UTC yyyy")):
        return ExecutionLine(Form.CONSOLE, None, line[zone + len(" UTC yyyy :") :].lstrip(" "))
    return ExecutionLine(Form.BARE, None, line) if line.startswith(_BARE) else UNKNOWN_LINE
