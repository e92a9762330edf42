"""What Lambda says of an invocation, as far as our handlers ask."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from uuid import uuid4

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True)
class _Said:
    aws_request_id: str
    log_group_name: str
    remaining_ms: int
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def lambda_context(function: str, *, remaining_ms: int = 120_000, arn: str = "") -> "LambdaContext":
    """An invocation of its own, with that much time left for as long as it takes."""
    said = _Said(str(uuid4()), f"/aws/lambda/{function}", remaining_ms, arn)
    return cast("LambdaContext", said)
