"""The list of sources, as metering answers it: what is watched is what is metered."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from functions.usage.errors import Retryable
from functions.usage.from_outside import FromOutside

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

# Metering's own answer comes from its memory, or after one read of S3; and its cold start.
ANSWER_SECONDS = 25


class WatchedSource(FromOutside):
    """`api_id` and `stage` are None where several stages write there, or nobody says which."""

    name: str
    log_group: str
    kind: Literal["access", "execution"]
    api_id: str | None = None
    stage: str | None = None


class SourceList(FromOutside):
    """`configured_at`: when the configuration in use was put into S3; None: there is none."""

    sources: tuple[WatchedSource, ...]
    configured_at: datetime | None = None


def watched_sources(lambdas: "LambdaClient", metering: str) -> tuple[WatchedSource, ...]:
    """The sources of the list."""
    return listed_sources(lambdas, metering).sources


def listed_sources(lambdas: "LambdaClient", metering: str) -> SourceList:
    """Retryable where metering has no configuration to meter by, and so no list."""
    answer = lambdas.invoke(FunctionName=metering, Payload=json.dumps({"listSources": True}))
    body = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise Retryable(f"metering does not say which sources there are: {body[:300]!r}")
    return SourceList.model_validate_json(body)
