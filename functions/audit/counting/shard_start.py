"""Where windows are divided: an invocation of the count comes in, and one for each shard leaves.

One process works and waits in turns: each shard has its own. Guaranteed: all are asked for, also
after one of them could not be.
"""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field

from functions.usage.from_outside import FromOutside

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient


class _CountQuestion(FromOutside):
    shard: int | None = Field(default=None, ge=0)


def shard_of(asked: object) -> int | None:
    """None for an invocation by the schedule."""
    return _CountQuestion.model_validate(asked).shard


def start_shards(lambdas: "LambdaClient", function_arn: str, shards: int) -> dict[str, object]:
    """Invokes the function itself, without waiting. Raises the first failure in the end."""
    failures: list[BotoCoreError | ClientError] = []
    for shard in range(shards):
        payload = json.dumps({"shard": shard})
        try:
            lambdas.invoke(FunctionName=function_arn, InvocationType="Event", Payload=payload)
        except (BotoCoreError, ClientError) as error:
            error.add_note(f"shard {shard} was not started")
            failures.append(error)
    if failures:
        raise failures[0]
    return {"started": shards}
