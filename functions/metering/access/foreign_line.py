"""Lines in an access log group that are no access log lines: excluded.

One stage has one declared source (gateway-logs.md 5, cases 16 and 30): the execution log's lines,
the console's test-invoke output and a Lambda function's lines must not fill the quarantine.
"""

from functions.metering.execution.line import ExecutionLine, Form, read_execution_line
from functions.usage.outcome import Excluded

OTHER_SOURCE = Excluded("other_source")
TEST_INVOKE = Excluded("test_invoke")
NOT_API_GATEWAY = Excluded("not_api_gateway")

LAMBDA_LOG_GROUPS = "/aws/lambda/"
# What a vended execution log event has and no access log line (ibid. 1.9).
VENDED_KEYS = frozenset({"event_timestamp", "payload"})
_LAMBDA = ("START RequestId: ", "END RequestId: ", "REPORT RequestId: ", "INIT_START ")


def other_line(line: str) -> Excluded | None:
    """Why a line that is not JSON is not an access log's; None if it may be one."""
    found = read_execution_line(line)
    if isinstance(found, ExecutionLine):
        return TEST_INVOKE if found.form is Form.CONSOLE else OTHER_SOURCE
    return NOT_API_GATEWAY if line.startswith(_LAMBDA) else None
