"""One series of CloudWatch, as GetMetricData is asked for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

MOST_QUERIES = 500  # of one call


def metric_query(
    name: str,
    metric: str,
    *,
    namespace: str,
    dimensions: Mapping[str, str],
    seconds: int,
    statistic: str = "Sum",
) -> "MetricDataQueryTypeDef":
    """`name` is what the answer calls it; `seconds` are those of a datapoint."""
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": seconds,
            "Stat": statistic,
        },
    }
