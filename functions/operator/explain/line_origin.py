"""Who wrote a line: an execution log, one that goes on from the line before it, or AWS alone."""

from functions.metering.access.common_log_format import read_clf
from functions.metering.access.field_plan import plan_of
from functions.metering.access.format_v1 import FORMAT, KEYS
from functions.metering.execution.line import ExecutionLine, read_execution_line
from functions.metering.field_names import leaves
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.log_envelopes import begins_as_envelope, unpacked
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_object


def is_execution(line: str) -> bool:
    """Whether the line is one of an execution log."""
    if line.startswith("{") and '"payload"' not in line:  # read as JSON only where it may be one
        return False
    return isinstance(read_execution_line(line), ExecutionLine)


def continues_execution(line: str) -> bool:
    """Whether a line may be the rest of an execution log's line: it is no line of its own."""
    if is_execution(line):
        return False
    if line.startswith("{"):
        members = read_object(line)
        is_none = not members or (isinstance(members, Quarantined) and members.reason != "tamper")
        return is_none or begins_as_envelope(line)
    return read_clf(line) is None


def is_of_gateway(text: str) -> bool:
    """Whether AWS or the gateway wrote every character of a document."""
    try:
        if unpacked(text) is not None:
            return True
    except BadInputError:
        return True
    members = read_object(text)
    if isinstance(members, Quarantined):
        return False
    if members.get("v") == FORMAT and members.keys() <= KEYS:
        return True
    return plan_of(tuple(path for path, _ in leaves(members)), {}).is_unforgeable
