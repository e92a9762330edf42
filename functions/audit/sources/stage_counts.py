"""How many requests CloudWatch counted of a stage in an hour, and which APIs it can tell apart."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, NamedTuple

from functions.audit.metric_query import MOST_QUERIES, metric_query
from functions.usage.moment import HOUR_MS

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient

type Stage = tuple[str, str]  # an API's id, and the stage's name


class StageCounts(NamedTuple):
    """What AWS does not answer is raised."""

    gateway: "APIGatewayClient"
    cloudwatch: "CloudWatchClient"

    def api_names(self) -> dict[str, str]:
        """All REST APIs of the Region, by id: CloudWatch's dimension is the name alone."""
        asked = self.gateway.get_paginator("get_rest_apis")
        pages = asked.paginate(PaginationConfig={"PageSize": 500})
        return {api["id"]: api["name"] for page in pages for api in page["items"]}

    def of_hour(self, hour_ms: int, stages: Mapping[Stage, str]) -> dict[Stage, int]:
        """Of each stage, given with its API's name. A stage of which nothing was counted is not in
        it: CloudWatch has no figure of an hour without a request.
        """
        counted: dict[Stage, int] = {}
        start = datetime.fromtimestamp(hour_ms / 1000, UTC)
        for some in batched(stages.items(), MOST_QUERIES, strict=False):
            ids = {f"q{number}": stage for number, (stage, _) in enumerate(some)}
            pages = self.cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[
                    metric_query(
                        one,
                        "Count",
                        namespace="AWS/ApiGateway",
                        dimensions={"ApiName": stages[stage], "Stage": stage[1]},
                        seconds=HOUR_MS // 1000,
                    )
                    for one, stage in ids.items()
                ],
                StartTime=start,
                EndTime=start + timedelta(hours=1),
            )
            for page in pages:
                for result in page["MetricDataResults"]:
                    if values := result["Values"]:
                        stage = ids[result["Id"]]
                        counted[stage] = counted.get(stage, 0) + round(sum(values))
        return counted
