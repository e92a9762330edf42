"""Invoke Lambda functions from the event loop: an ARN and an event go in, an `Invocation` leaves.

boto3 blocks, so calls run in a thread pool. Nothing is retried here: API Gateway does not either.
"""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.local.gateway.permission import Permissions

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# Above API Gateway's 29 s, so that its timeout decides and not the client's.
READ_TIMEOUT_SECONDS: Final = 35
FORBIDDEN: Final = 403


class InvokeTimeoutError(RuntimeError):
    """The function did not answer within the integration's timeout."""


class InvokeRefusedError(RuntimeError):
    """The Lambda service did not run the function; `status` is its HTTP status."""

    def __init__(self, status: int, code: str, request_id: str) -> None:
        super().__init__(f"Lambda answered {status} {code}")
        self.status = status
        self.code = code
        self.request_id = request_id


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """A function that ran. `function_error` is set when it raised or timed out."""

    payload: bytes
    request_id: str
    function_error: str | None = None

    def error_message(self) -> str:
        """The `errorMessage` of a function that failed."""
        try:
            return str(json.loads(self.payload)["errorMessage"])
        except (ValueError, KeyError, TypeError):
            return self.payload.decode(errors="replace")


class Functions:
    """The Lambda service, `workers` calls at a time. It runs a function for an API only where the
    function's policy permits that.
    """

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="invoke")
        client: LambdaClient = boto3.client(
            "lambda",
            config=Config(
                # Of two calls a request, botocore's own text is a seventh of the CPU.
                user_agent="local-gateway",
                max_pool_connections=workers,
                read_timeout=READ_TIMEOUT_SECONDS,
                retries={"total_max_attempts": 1},
            ),
        )
        self._client = client
        self.permissions = Permissions(client)

    async def invoke(
        self, arn: str, event: str, *, timeout_seconds: float, source_arn: str | None
    ) -> Invocation:
        """Run the function for `source_arn` and wait; None is a role that may.

        Raises InvokeTimeoutError and InvokeRefusedError.
        """
        loop = asyncio.get_running_loop()
        call = loop.run_in_executor(self._pool, self._invoke, arn, event, source_arn)
        try:
            return await asyncio.wait_for(call, timeout_seconds)
        except TimeoutError as error:
            raise InvokeTimeoutError from error

    def close(self) -> None:
        """Let go of the threads without waiting for functions that hang."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _invoke(self, arn: str, event: str, source_arn: str | None) -> Invocation:
        try:
            if source_arn and not self.permissions.allow(arn, source_arn):
                raise InvokeRefusedError(FORBIDDEN, "AccessDeniedException", "-")
            answer = self._client.invoke(FunctionName=arn, Payload=event.encode())
            payload = answer["Payload"].read()
        except ClientError as error:
            raise _refusal(error.response) from error
        except BotoCoreError as error:
            raise InvokeRefusedError(503, type(error).__name__, "-") from error
        return Invocation(
            payload=payload,
            request_id=answer["ResponseMetadata"]["RequestId"],
            function_error=answer.get("FunctionError"),
        )


def _refusal(response: Mapping[str, Any]) -> InvokeRefusedError:
    metadata = response.get("ResponseMetadata", {})
    return InvokeRefusedError(
        status=metadata.get("HTTPStatusCode", 500),
        code=response.get("Error", {}).get("Code", "ServiceException"),
        request_id=metadata.get("RequestId", "-"),
    )
